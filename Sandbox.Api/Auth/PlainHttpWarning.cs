using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Sandbox.Api.Auth;

/// <summary>Says at the start where API keys come in without TLS.</summary>
internal sealed partial class PlainHttpWarning(IServer server, ILogger<PlainHttpWarning> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var url) && url is { Scheme: "http", IsLoopback: false })
            {
                Log.NoTls(logger, address);
            }
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static partial class Log
    {
        [LoggerMessage(
            5012, LogLevel.Warning,
            "API keys come to {Address} without TLS: everyone on the way can read them, unless a proxy before this server speaks TLS")]
        public static partial void NoTls(ILogger logger, string address);
    }
}
