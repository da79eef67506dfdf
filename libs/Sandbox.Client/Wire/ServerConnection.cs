using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text.Json;
using Sandbox.Contracts.Wire;

namespace Sandbox.Client.Wire;

/// <summary>The HTTP connection to one server, and the one place where failures of the transport get their words.</summary>
internal sealed class ServerConnection : IDisposable
{
    /// <summary>Largest answer that is read as a whole, bytes. Streams have no limit.</summary>
    private const int MaxAnswer = 256 * 1024 * 1024;

    private readonly HttpClient _http;
    private readonly string _name;

    public ServerConnection(HttpMessageHandler handler, Uri baseAddress, string name, string? apiKey)
    {
        _name = name;
        _http = new HttpClient(handler)
        {
            BaseAddress = baseAddress,
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswer,
        };
        if (!string.IsNullOrEmpty(apiKey))
        {
            _http.DefaultRequestHeaders.Add("X-API-Key", apiKey);
        }
    }

    public static SocketsHttpHandler NewHandler(string? socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        };
        if (socketPath is not null)
        {
            handler.ConnectCallback = (_, cancellationToken) => UnixSocket.ConnectAsync(socketPath, cancellationToken);
        }

        return handler;
    }

    /// <summary>Sends and reads the whole answer.</summary>
    /// <param name="limit">How long the call may take; null: as long as it takes.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, TimeSpan? limit, CancellationToken cancellationToken)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (limit is { } most)
        {
            timed.CancelAfter(most);
        }

        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, timed.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxClientException(
                SandboxClientException.TimedOut, $"The server at {_name} did not answer within {limit}.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw Unreachable(exception);
        }
    }

    /// <summary>Sends and returns as soon as the answer begins; the caller reads at its own pace and disposes it.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException exception)
        {
            throw Unreachable(exception);
        }
    }

    /// <summary>The same, once the caller has looked at how the answer begins: one that it throws at is disposed here.</summary>
    public async Task<HttpResponseMessage> OpenAsync(
        HttpRequestMessage request, Func<HttpResponseMessage, CancellationToken, Task> throwIfFailed, CancellationToken cancellationToken)
    {
        var answer = await OpenAsync(request, cancellationToken);
        try
        {
            await throwIfFailed(answer, cancellationToken);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    /// <summary>Opens a WebSocket over the same handler, with the same key.</summary>
    public async Task<WebSocket> OpenWebSocketAsync(string route, CancellationToken cancellationToken)
    {
        var address = new UriBuilder(new Uri(_http.BaseAddress!, route));
        address.Scheme = address.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs;
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(address.Uri, _http, cancellationToken);
            return socket;
        }
        catch (WebSocketException exception)
        {
            socket.Dispose();
            throw Unreachable(exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>One read of a stream, its failures in the words of this client.</summary>
    public async Task<T> ReadAsync<T>(Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (JsonException exception)
        {
            throw new SandboxClientException(
                SandboxClientException.BadAnswer, "The server's answer is not in the expected form.", exception);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw Unreachable(exception);
        }
    }

    public SandboxClientException Unreachable(Exception exception) =>
        new(SandboxClientException.Unreachable, $"The server at {_name} does not answer: {Innermost(exception).Message}", exception);

    public static ByteArrayContent Json(byte[] body, string contentType)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(contentType);
        return content;
    }

    public void Dispose() => _http.Dispose();

    private static Exception Innermost(Exception exception) => exception.GetBaseException();
}
