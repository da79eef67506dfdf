using System.Net;
using Sandbox.Contracts.Ids;
using Sandbox.Serving.Backends;
using Sandbox.Serving.Engines;

namespace Sandbox.Api.Serving;

/// <summary>Asks engines in sandboxes whether they are ready. A body is never read, and the answer is bounded in time.</summary>
internal sealed class EngineProbe : IReadinessProbe, IDisposable
{
    private readonly ReplicaConnector _connector;
    private readonly HttpClient _http;
    private readonly HttpReadinessProbe _probe;

    public EngineProbe(ReplicaConnector connector)
    {
        _connector = connector;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            // A tunnel that is kept would only show that the engine had answered once.
            PooledConnectionLifetime = TimeSpan.Zero,
            ConnectCallback = (context, cancellationToken) =>
                connector.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellationToken),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
        };
        _probe = new HttpReadinessProbe(_http);
    }

    public Task<string?> CheckAsync(
        Uri address, IEngine engine, EngineLaunch launch, ReadinessCheck check, CancellationToken cancellationToken) =>
        _probe.CheckAsync(address, engine, launch, check, cancellationToken);

    /// <summary>Whether anything listens on a port inside a sandbox.</summary>
    public async Task<bool> IsPortTakenAsync(SandboxId sandbox, int port, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await _connector.ConnectAsync(sandbox.ToString(), port, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();
}
