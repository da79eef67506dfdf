using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Cluster;

namespace Sandbox.Api.Tests.Cluster;

/// <summary>A worker's internal port that answers when the test says so.</summary>
internal sealed class WorkerPort : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<bool> _pings = Channel.CreateUnbounded<bool>();
    private readonly Channel<bool> _calls = Channel.CreateUnbounded<bool>();
    private readonly Channel<bool> _closed = Channel.CreateUnbounded<bool>();

    private WorkerPort(WebApplication app) => _app = app;

    /// <summary>Each question whether it lives, as it arrives.</summary>
    public ChannelReader<bool> Pings => _pings.Reader;

    /// <summary>Each call, as it arrives.</summary>
    public ChannelReader<bool> Calls => _calls.Reader;

    /// <summary>Each connection that has ended.</summary>
    public ChannelReader<bool> Closed => _closed.Reader;

    public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    /// <summary>What a ping waits for.</summary>
    public Task PingGate { get; set; } = Task.CompletedTask;

    /// <summary>What a call waits for before it is answered.</summary>
    public Task CallGate { get; set; } = Task.CompletedTask;

    /// <summary>What an answer waits for between its first and its second half.</summary>
    public Task BodyGate { get; set; } = Task.CompletedTask;

    public static async Task<WorkerPort> StartAsync()
    {
        WorkerPort? port = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback,
            0,
            listen => listen.Use(next => async connection =>
            {
                await next(connection);
                port!._closed.Writer.TryWrite(true);
            })));
        var app = builder.Build();
        port = new WorkerPort(app);
        app.MapGet(NodeApiRoutes.Ping, port.PingAsync);
        app.MapFallback(port.CallAsync);
        await app.StartAsync();
        return port;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task PingAsync(HttpContext http)
    {
        _pings.Writer.TryWrite(true);
        await PingGate.WaitAsync(http.RequestAborted);
    }

    private async Task CallAsync(HttpContext http)
    {
        _calls.Writer.TryWrite(true);
        await CallGate.WaitAsync(http.RequestAborted);
        await http.Response.WriteAsync("first ");
        await http.Response.Body.FlushAsync();
        await BodyGate.WaitAsync(http.RequestAborted);
        await http.Response.WriteAsync("second");
    }
}
