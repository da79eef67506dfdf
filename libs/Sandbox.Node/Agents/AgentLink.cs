using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;

namespace Sandbox.Node.Agents;

/// <summary>The link to one agent. Its answers come from inside a sandbox and are treated as hostile: headers and the
/// bodies of control calls are bounded, and nothing is followed, unpacked, kept or retried.</summary>
internal sealed class AgentLink : IDisposable
{
    private const int MaxControlBody = 64 * 1024;
    private static readonly TimeSpan InitTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan StatusTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(3);

    private readonly IAgentTransport _transport;
    private readonly TimeProvider _time;
    private readonly AgentToken? _token;

    /// <param name="token">Where the agent demands one; null: none.</param>
    public AgentLink(
        SandboxId sandboxId, IncarnationId incarnation, IAgentTransport transport, TimeProvider time, AgentToken? token = null)
    {
        (SandboxId, Incarnation, _transport, _time, _token) = (sandboxId, incarnation, transport, time, token);
        var traced = new TracingHandler { InnerHandler = Handler(transport) };
        Invoker = new HttpMessageInvoker(token is null ? traced : new TokenHandler(token) { InnerHandler = traced });
    }

    public static Uri BaseAddress { get; } = new("http://agent");

    public SandboxId SandboxId { get; }

    public IncarnationId Incarnation { get; }

    /// <summary>Sends to the agent; has no timeout of its own.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <inheritdoc cref="IAgentTransport.IsConnected"/>
    public bool IsConnected => _transport.IsConnected;

    /// <inheritdoc cref="IAgentTransport.Connected"/>
    public Task Connected => _transport.Connected;

    /// <inheritdoc cref="IAgentTransport.Losses"/>
    public int Losses => _transport.Losses;

    /// <summary>Tells the agent what it needs to know; idempotent.</summary>
    public async Task<Result<AgentStatus>> InitAsync(AgentInit init, CancellationToken cancellationToken)
    {
        var told = _token is { First: not null } token ? init with { Token = token.Own() } : init;
        using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(told, AgentJson.Default.AgentInit));
        body.Headers.ContentType = new("application/json");
        return await AskAsync(HttpMethod.Post, AgentRoutes.Init, body, AgentJson.Default.AgentStatus, InitTimeout, cancellationToken);
    }

    public Task<Result<AgentStatus>> StatusAsync(CancellationToken cancellationToken) =>
        AskAsync(HttpMethod.Get, AgentRoutes.Status, null, AgentJson.Default.AgentStatus, StatusTimeout, cancellationToken);

    /// <summary>Asks the agent to end everything in its sandbox; the caller makes sure of it through the deployment.</summary>
    public async Task ShutdownAsync(CancellationToken cancellationToken)
    {
        using var body = new ByteArrayContent([]);
        await SendAsync(HttpMethod.Post, AgentRoutes.Shutdown, body, ShutdownTimeout, _ => Task.FromResult(true), cancellationToken);
    }

    public void Dispose()
    {
        _transport.Dispose();
        Invoker.Dispose();
    }

    private static SocketsHttpHandler Handler(IAgentTransport transport) => new()
    {
        ConnectCallback = (_, cancellationToken) => transport.ConnectAsync(cancellationToken),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 64,
        MaxResponseDrainSize = MaxControlBody,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
    };

    private async Task<Result<T>> AskAsync<T>(
        HttpMethod method, string path, HttpContent? body, JsonTypeInfo<T> type, TimeSpan timeout, CancellationToken cancellationToken)
        where T : class
    {
        var answer = await SendAsync(method, path, body, timeout, ReadAsync, cancellationToken);
        return answer.Value is { } value
            ? value
            : new SandboxError.AgentUnreachable(SandboxId, answer.Failure ?? "its answer is empty") { Answered = answer.Came };

        async Task<T?> ReadAsync(HttpContent content)
        {
            await content.LoadIntoBufferAsync(MaxControlBody, cancellationToken);
            return JsonSerializer.Deserialize(await content.ReadAsByteArrayAsync(cancellationToken), type);
        }
    }

    private async Task<Answer<T>> SendAsync<T>(
        HttpMethod method, string path, HttpContent? body, TimeSpan timeout, Func<HttpContent, Task<T>> read,
        CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(BaseAddress, path)) { Content = body };
            using var response = await Invoker.SendAsync(request, either.Token);
            return response.IsSuccessStatusCode
                ? new Answer<T>(true, await read(response.Content))
                : new Answer<T>(true, default, $"its agent answered {(int)response.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Answer<T>(false, default, $"its agent did not answer within {timeout.TotalSeconds:0} s");
        }
        catch (JsonException)
        {
            return new Answer<T>(true, default, "its agent's answer is not what was expected");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or ObjectDisposedException)
        {
            // Longer than is read: that is an answer, too.
            return new Answer<T>(
                exception is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }, default,
                exception.InnerException is NoAgentException none ? none.Message : $"its agent's connection failed ({KindOf(exception)})");
        }
    }

    /// <summary>Without the addresses that its text has.</summary>
    private static string KindOf(Exception exception) =>
        exception is HttpRequestException http ? http.HttpRequestError.ToString() : exception.GetType().Name;

    /// <param name="Came">Whether the agent answered at all.</param>
    private sealed record Answer<T>(bool Came, T? Value, string? Failure = null);
}
