using System.Net.Http.Headers;
using System.Net.Http.Json;
using Sandbox.Serving.Engines;

namespace Sandbox.Serving.Backends;

/// <summary>Asks over HTTP.</summary>
/// <param name="http">Without a time-out of its own below those here.</param>
public sealed class HttpReadinessProbe(HttpClient http) : IReadinessProbe
{
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(3);

    /// <summary>The first completion of a large model takes longer than the others.</summary>
    private static readonly TimeSpan CompletionTimeout = TimeSpan.FromSeconds(30);

    public async Task<string?> CheckAsync(
        Uri address, IEngine engine, EngineLaunch launch, ReadinessCheck check, CancellationToken cancellationToken)
    {
        using var health = new HttpRequestMessage(HttpMethod.Get, new Uri(address, engine.HealthPath));
        var problem = await SendAsync(health, HealthTimeout, cancellationToken);
        if (problem is not null || check is ReadinessCheck.Health)
        {
            return problem;
        }

        using var completion = new HttpRequestMessage(HttpMethod.Post, new Uri(address, "/v1/completions"))
        {
            Content = JsonContent.Create(new { model = launch.Model, prompt = "ready", max_tokens = 1 }),
        };
        completion.Headers.Authorization = launch.ApiKey is { } key ? new AuthenticationHeaderValue("Bearer", key.Reveal()) : null;
        return await SendAsync(completion, CompletionTimeout, cancellationToken);
    }

    private async Task<string?> SendAsync(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        var path = request.RequestUri!.AbsolutePath;
        try
        {
            // The status says enough; a body is an engine's own and may be large.
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return response.IsSuccessStatusCode ? null : $"{path} answers {(int)response.StatusCode}";
        }
        catch (HttpRequestException exception)
        {
            return $"{path} does not answer: {exception.HttpRequestError}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{path} did not answer within {timeout.TotalSeconds} s";
        }
    }
}
