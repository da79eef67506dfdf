using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// <c>/health</c>, <c>/alive</c> and <c>/metrics</c> on a port of their own, for probes and for Prometheus: a server beside the
/// process's own, so that it works whatever that one demands of its callers, and what it answers is in no traces. It says
/// nothing of tenants or sandboxes.
/// </summary>
internal sealed partial class InternalPort(IServiceProvider services, IPEndPoint endPoint, ILoggerFactory loggers) : IHostedService,
IAsyncDisposable
{
    private readonly InternalPages _pages = new(services);
    private KestrelServer? _server;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _pages.BeginAsync(cancellationToken);
        var options = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = services };
        options.Listen(endPoint, listen => listen.Protocols = HttpProtocols.Http1);
        var sockets = new SocketTransportFactory(Options.Options.Create(new SocketTransportOptions()), loggers);
        _server = new KestrelServer(Options.Options.Create(options), sockets, loggers);
        await _server.StartAsync(new Application(_pages), cancellationToken);
        var address = _server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
        Log.Listens(loggers.CreateLogger<InternalPort>(), address);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _pages.Dispose();
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }

    private sealed class Application(InternalPages pages) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => pages.AnswerAsync(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }

    private static partial class Log
    {
        [LoggerMessage(9001, LogLevel.Information, "Health and metrics are at {Address}")]
        public static partial void Listens(ILogger logger, string? address);
    }
}
