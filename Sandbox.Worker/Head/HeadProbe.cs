using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;

namespace Sandbox.Worker.Head;

/// <summary>Asks a node for its role. That something listens on a port says nothing; only a node that calls itself the head is
/// taken for it.</summary>
internal sealed class HeadProbe(TimeProvider time) : IDisposable
{
    private const int MaxAnswer = 4096;

    private readonly HttpMessageInvoker _invoker =
        new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    /// <returns>The role, or why there is none.</returns>
    public async Task<(RoleAnswer? Role, string Why)> AskAsync(HeadAddress node, TimeSpan within, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{node}{HealthRoutes.Role}"));
            using var answer = await _invoker.SendAsync(request, either.Token);
            answer.EnsureSuccessStatusCode();
            await answer.Content.LoadIntoBufferAsync(MaxAnswer, either.Token);
            var role = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(either.Token), HeadJson.Default.RoleAnswer);
            return role is null
                ? (null, "it tells no role") : (role, role.Mode == HeadAnswer.Head ? "it is the head" : $"it is a {role.Mode}");
        }
        catch (HttpRequestException exception)
        {
            return (null, exception.Message);
        }
        catch (JsonException)
        {
            return (null, "something else answers there");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"no answer within {within.TotalSeconds:0.###} s");
        }
    }

    public void Dispose() => _invoker.Dispose();
}
