using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.Contracts.Wire;

namespace Sandbox.Cli.Clusters;

/// <summary>The engine's own HTTP interface, of Docker 20.10 and later: all that a cluster's own containers need. Sandboxes are
/// not made here; that is the Worker's.</summary>
internal sealed class EngineApi : IDisposable
{
    private const string Version = "/v1.41";

    private readonly HttpClient _http;

    public EngineApi(string socket)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = (_, token) =>
            UnixSocket.ConnectAsync(socket, token)
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://engine"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Null: there is no such thing.</summary>
    public async Task<JsonNode?> FindAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Get, path, null, cancellationToken);
        return answer.StatusCode is HttpStatusCode.NotFound ? null : await ReadAsync(answer, cancellationToken);
    }

    /// <summary>What the engine answered; an answer of another state than the good ones and these is a failure.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> PostAsync(
        string path, JsonNode? body, CancellationToken cancellationToken, params HttpStatusCode[] alsoGood)
    {
        using var answer = await SendAsync(HttpMethod.Post, path, body, cancellationToken);
        return alsoGood.Contains(answer.StatusCode)
            ? (answer.StatusCode, null) : (answer.StatusCode, await ReadAsync(answer, cancellationToken));
    }

    /// <summary>Gone, or going, is what was asked for.</summary>
    public async Task DeleteAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Delete, path, null, cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.NotFound)
        {
            await ReadAsync(answer, cancellationToken);
        }
    }

    public async Task<IReadOnlyList<JsonNode>> ContainersAsync(string label, CancellationToken cancellationToken)
    {
        var filter = Uri.EscapeDataString(new JsonObject { ["label"] = new JsonArray(label) }.ToJsonString());
        return [.. ((await FindAsync($"/containers/json?all=1&filters={filter}", cancellationToken))!.AsArray()).Select(one => one!)];
    }

    /// <summary>The bytes of a container's output, in the engine's frames.</summary>
    public async Task<Stream> LogAsync(string container, bool follow, int? tail, CancellationToken cancellationToken)
    {
        var path =
            $"{Version}/containers/{container}/logs?stdout=1&stderr=1&follow={(follow ? 1 : 0)}"
            + $"&tail={(tail is { } lines ? $"{lines}" : "all")}";
        var answer = await _http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadAsStreamAsync(cancellationToken) : Stream.Null;
    }

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, JsonNode? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, Version + path)
        {
            // With a length: the engine takes no body in chunks here and there.
            Content = body is null ? null : new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw new CliException($"the Docker engine does not answer: {exception.GetBaseException().Message}");
        }
    }

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        try
        {
            var body = text.Length == 0 ? null : JsonNode.Parse(text);
            return answer.IsSuccessStatusCode || answer.StatusCode is HttpStatusCode.NotModified
                ? body
                : throw new CliException($"the Docker engine refused: {(string?)body?["message"] ?? text}");
        }
        catch (JsonException)
        {
            throw new CliException($"the Docker engine answered {(int)answer.StatusCode}: {text}");
        }
    }
}
