using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Client.Wire;

/// <summary>Calls of the envd protocol of one sandbox: Connect with JSON, and plain HTTP for files.</summary>
internal sealed class EnvdCalls(ServerConnection server, SandboxId id)
{
    /// <summary>What a unary call may take.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public Task<TResponse> UnaryAsync<TRequest, TResponse>(
        string method, TRequest message, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType,
        CancellationToken cancellationToken)
        where TResponse : class =>
        UnaryAsync(method, message, requestType, responseType, Limit, cancellationToken);

    /// <param name="limit">How long the call may take; null: as long as it takes.</param>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        string method, TRequest message, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType, TimeSpan? limit,
        CancellationToken cancellationToken)
        where TResponse : class
    {
        using var request = NewRequest(HttpMethod.Post, method);
        request.Content = ServerConnection.Json(JsonSerializer.SerializeToUtf8Bytes(message, requestType), "application/json");
        using var answer = await server.SendAsync(request, limit, cancellationToken);
        await ThrowIfFailedAsync(answer, cancellationToken);
        try
        {
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            return JsonSerializer.Deserialize(body, responseType) ?? throw BadAnswer(null);
        }
        catch (JsonException exception)
        {
            throw BadAnswer(exception);
        }
    }

    /// <summary>Opens a server stream: the request is one envelope, the answer is as many as come.</summary>
    public async Task<EnvelopeStream<TResponse>> StreamAsync<TRequest, TResponse>(
        string method, TRequest message, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TResponse> responseType,
        CancellationToken cancellationToken)
        where TResponse : class
    {
        using var request = NewRequest(HttpMethod.Post, method);
        request.Headers.Add("Keepalive-Ping-Interval", "30");
        request.Content = ServerConnection.Json(
            ConnectEnvelope.Frame(JsonSerializer.SerializeToUtf8Bytes(message, requestType)), "application/connect+json");
        var answer = await OpenAsync(request, cancellationToken);
        return new EnvelopeStream<TResponse>(answer, await answer.Content.ReadAsStreamAsync(cancellationToken), responseType, server);
    }

    /// <summary>Sends any request of this sandbox and returns when the answer begins; throws when it is an error.</summary>
    public Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        server.OpenAsync(request, ThrowIfFailedAsync, cancellationToken);

    public HttpRequestMessage NewRequest(HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("E2b-Sandbox-Id", id.ToString());
        request.Headers.Add("E2b-Sandbox-Port", "49983");
        request.Headers.Add("Connect-Protocol-Version", "1");
        return request;
    }

    public static SandboxClientException BadAnswer(Exception? exception) =>
        new(SandboxClientException.BadAnswer, "The sandbox's answer is not in the expected form.", exception);

    private static async Task ThrowIfFailedAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NoContent or HttpStatusCode.PartialContent)
        {
            return;
        }

        var status = (int)answer.StatusCode;
        var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        throw Described(body, status) ?? new SandboxClientException($"http_{status}", $"The server answered with HTTP status {status}.");
    }

    /// <summary>Connect's errors have a word as code, those of the plain routes the HTTP status.</summary>
    private static SandboxClientException? Described(byte[] body, int status)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } error
                || !error.TryGetProperty("message", out var message) || message.ValueKind is not JsonValueKind.String)
            {
                return null;
            }

            var word = error.TryGetProperty("code", out var code) && code.ValueKind is JsonValueKind.String
                ? code.GetString()! : WordOf(status);
            return new SandboxClientException(word, message.GetString()!);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string WordOf(int status) => status switch
    {
        400 => "invalid_argument",
        401 => "unauthenticated",
        404 => "not_found",
        502 => "not_found",
        507 => "no_space",
        _ => $"http_{status}",
    };
}
