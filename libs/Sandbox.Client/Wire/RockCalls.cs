using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Rock;

namespace Sandbox.Client.Wire;

/// <summary>Calls of the enveloped routes: result on success, <see cref="SandboxClientException"/> on failure.</summary>
internal sealed class RockCalls(ServerConnection server)
{
    private const string Prefix = "apis/envs/sandbox/v1/";

    /// <summary>What a call may take that does not wait for anything inside a sandbox.</summary>
    public static readonly TimeSpan Short = TimeSpan.FromSeconds(120);

    public Task<TResult> PostAsync<TBody, TResult>(
        string route, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TResult> resultType, TimeSpan? limit,
        CancellationToken cancellationToken)
        where TResult : class
    {
        var content = ServerConnection.Json(JsonSerializer.SerializeToUtf8Bytes(body, bodyType), "application/json");
        return SendAsync(
            new HttpRequestMessage(HttpMethod.Post, Prefix + route) { Content = content }, resultType, limit, cancellationToken);
    }

    public Task<TResult> GetAsync<TResult>(string route, JsonTypeInfo<TResult> resultType, CancellationToken cancellationToken)
        where TResult : class => SendAsync(NewGet(route), resultType, Short, cancellationToken);

    public static HttpRequestMessage NewGet(string route) => new(HttpMethod.Get, Prefix + route);

    public static HttpRequestMessage NewRequest(HttpMethod method, string route) => new(method, Prefix + route);

    public async Task<TResult> SendAsync<TResult>(
        HttpRequestMessage request, JsonTypeInfo<TResult> resultType, TimeSpan? limit, CancellationToken cancellationToken)
        where TResult : class => (await ExchangeAsync(request, resultType, limit, cancellationToken)).Result;

    /// <summary>As <see cref="SendAsync"/>, with the answer's entity tag.</summary>
    public async Task<(TResult Result, string? Tag)> ExchangeAsync<TResult>(
        HttpRequestMessage request, JsonTypeInfo<TResult> resultType, TimeSpan? limit, CancellationToken cancellationToken)
        where TResult : class
    {
        using (request)
        {
            using var answer = await server.SendAsync(request, limit, cancellationToken);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return (Decode(answer.StatusCode, body, resultType), answer.Headers.ETag?.Tag);
        }
    }

    private static TResult Decode<TResult>(HttpStatusCode status, byte[] body, JsonTypeInfo<TResult> resultType)
        where TResult : class
    {
        try
        {
            var envelope = JsonSerializer.Deserialize(body, RockJson.Default.Envelope);
            // ROCK counts some refusals as successes (a session that exists, a file that is missing); the note tells.
            if (envelope is { Status: Envelope.Success, Message: { Length: > 0 } note })
            {
                throw new SandboxClientException(SandboxClientException.Failed, note);
            }

            if (envelope is { Status: Envelope.Success })
            {
                return envelope.Result.Deserialize(resultType) ?? throw BadAnswer(status, null);
            }

            if (envelope is { Status: Envelope.Failed })
            {
                throw new SandboxClientException(CodeOf(envelope.Result), TextOf(envelope));
            }
        }
        catch (JsonException exception)
        {
            throw BadAnswer(status, exception);
        }

        throw BadAnswer(status, null);
    }

    private static string CodeOf(JsonElement result) =>
        result.ValueKind is JsonValueKind.Object && result.TryGetProperty("code", out var code) && code.ValueKind is JsonValueKind.Number
            ? code.GetRawText()
            : SandboxClientException.Failed;

    private static string TextOf(Envelope envelope) =>
        envelope switch
        {
            { Error: { Length: > 0 } error, Message: "invalid parameter" } => $"invalid parameter: {error}",
            { Error: { Length: > 0 } error } => error,
            { Message: { Length: > 0 } message } => message,
            _ => "The server gave no reason.",
        };

    private static SandboxClientException BadAnswer(HttpStatusCode status, JsonException? exception) =>
        status is HttpStatusCode.OK
            ? new SandboxClientException(SandboxClientException.BadAnswer, "The server's answer is not in the expected form.", exception)
            : new SandboxClientException($"http_{(int)status}", $"The server answered with HTTP status {(int)status}.", exception);
}
