using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Management;

namespace Sandbox.Client.Wire;

/// <summary>Calls of the management routes: a body on success, <see cref="SandboxClientException"/> with the problem's code on
/// failure.</summary>
/// <param name="limit">How long a call may take that is not a stream; null: 60 s.</param>
internal sealed class ManagementCalls(ServerConnection server, TimeSpan? limit = null)
{
    private const string Prefix = "api/v1/";

    private readonly TimeSpan _limit = limit ?? TimeSpan.FromSeconds(60);

    public Task<TResult> GetAsync<TResult>(string route, JsonTypeInfo<TResult> type, CancellationToken cancellationToken)
        where TResult : class => SendAsync(new HttpRequestMessage(HttpMethod.Get, Prefix + route), type, cancellationToken);

    public Task<TResult> PostAsync<TBody, TResult>(
        string route, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TResult> type, CancellationToken cancellationToken)
        where TResult : class => SendAsync(NewRequest(HttpMethod.Post, route, body, bodyType), type, cancellationToken);

    /// <summary>A call without a body.</summary>
    public Task<TResult> PostAsync<TResult>(string route, JsonTypeInfo<TResult> type, CancellationToken cancellationToken)
        where TResult : class => SendAsync(new HttpRequestMessage(HttpMethod.Post, Prefix + route), type, cancellationToken);

    public Task PutAsync<TBody>(string route, TBody body, JsonTypeInfo<TBody> bodyType, CancellationToken cancellationToken) =>
        DoAsync(NewRequest(HttpMethod.Put, route, body, bodyType), cancellationToken);

    /// <summary>Returns as soon as a success begins; the caller reads it at its own pace, and disposes it.</summary>
    /// <param name="lastEventId">Of the stream that is to go on; null: none.</param>
    public async Task<HttpResponseMessage> OpenAsync(string route, string? lastEventId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Prefix + route);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return await server.OpenAsync(request, ThrowIfFailedAsync, cancellationToken);
    }

    /// <summary>A call without bodies.</summary>
    public Task DoAsync(HttpMethod method, string route, CancellationToken cancellationToken) =>
        DoAsync(new HttpRequestMessage(method, Prefix + route), cancellationToken);

    private static HttpRequestMessage NewRequest<TBody>(HttpMethod method, string route, TBody body, JsonTypeInfo<TBody> bodyType) =>
        new(method, Prefix + route)
        {
            Content = ServerConnection.Json(JsonSerializer.SerializeToUtf8Bytes(body, bodyType), "application/json"),
        };

    private async Task DoAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var answer = await server.SendAsync(request, _limit, cancellationToken);
            await ThrowIfFailedAsync(answer, cancellationToken);
        }
    }

    private async Task<TResult> SendAsync<TResult>(
        HttpRequestMessage request, JsonTypeInfo<TResult> type, CancellationToken cancellationToken)
        where TResult : class
    {
        using (request)
        {
            using var answer = await server.SendAsync(request, _limit, cancellationToken);
            await ThrowIfFailedAsync(answer, cancellationToken);
            try
            {
                return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancellationToken), type)
                    ?? throw BadAnswer(null);
            }
            catch (JsonException exception)
            {
                throw BadAnswer(exception);
            }
        }
    }

    private static async Task ThrowIfFailedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccessStatusCode)
        {
            return;
        }

        var status = (int)answer.StatusCode;
        try
        {
            // It has what the others have, and more.
            var problem = JsonSerializer.Deserialize(
                await answer.Content.ReadAsByteArrayAsync(cancellationToken), ManagementJson.Default.RolloutProblem);
            if (problem is { Code: { Length: > 0 } code, Detail: { } detail })
            {
                throw new SandboxClientException(code, detail) { ApprovalInfo = problem.ApprovalInfo };
            }
        }
        catch (JsonException)
        {
            // Another server answered, for example a proxy on the way.
        }

        throw new SandboxClientException($"http_{status}", $"The server answered with HTTP status {status}.");
    }

    private static SandboxClientException BadAnswer(JsonException? exception) =>
        new(SandboxClientException.BadAnswer, "The server's answer is not in the expected form.", exception);
}
