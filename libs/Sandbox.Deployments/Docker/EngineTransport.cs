using Docker.DotNet.Handler.Abstractions;
using Sandbox.Contracts.Wire;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Speaks to the engine's Unix socket through the platform's own HTTP handler. The client's own Unix transport opens a
/// connection for each request and asks the machine's proxy settings about a socket.
/// </summary>
internal sealed class EngineTransport : IDockerHandlerFactory<EngineTransportOptions>
{
    public ResolvedTransport CreateHandler(ResolvedClientOptions clientOptions, ILogger logger) =>
        CreateHandler(new EngineTransportOptions(clientOptions.Endpoint.LocalPath), clientOptions, logger);

    public ResolvedTransport CreateHandler(EngineTransportOptions transportOptions, ResolvedClientOptions clientOptions, ILogger logger)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            // Each verb has a span of its own; the engine understands no trace context.
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            ConnectCallback = (_, cancellationToken) => UnixSocket.ConnectAsync(transportOptions.SocketPath, cancellationToken),
        };
        return new ResolvedTransport(handler, new Uri("http://engine/"));
    }

    /// <summary>Attach and exec, which take over a connection, go through the agent here and never through the engine.</summary>
    public Task<WriteClosableStream> HijackStreamAsync(HttpContent content) =>
        throw new NotSupportedException("This transport does not take over connections.");
}

internal sealed record EngineTransportOptions(string SocketPath);
