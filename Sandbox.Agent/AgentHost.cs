using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Agent.Activity;

namespace Sandbox.Agent;

/// <summary>
/// Kestrel and the agent's background work, from start to end. The framework's own host would do the same and more, and its
/// start was more than a third of the agent's, which every cold start of a sandbox waits for.
/// </summary>
internal sealed class AgentHost(
    IServer server, IEnumerable<IHostedService> background, AgentLifetime lifetime)
{
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(3);

    private readonly List<IHostedService> _background = [.. background];

    /// <summary>Serves until a signal, a call or the watchdog ends it.</summary>
    /// <exception cref="IOException">It cannot listen.</exception>
    public async Task RunAsync(RequestDelegate serve)
    {
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnSignal);
        await server.StartAsync(new Application(serve), CancellationToken.None);
        foreach (var service in _background)
        {
            await service.StartAsync(CancellationToken.None);
        }

        await Task.WhenAny([lifetime.Stopping, .. _background.OfType<BackgroundService>().Select(service => service.ExecuteTask!)]);
        await StopAsync();
    }

    private async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(ShutdownTime);
        await server.StopAsync(limit.Token);
        foreach (var service in Enumerable.Reverse(_background))
        {
            await service.StopAsync(limit.Token);
        }
    }

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true;
        lifetime.Stop();
    }

    private sealed class Application(RequestDelegate serve) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        public Task ProcessRequestAsync(HttpContext context) => serve(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
