using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Ports;

/// <summary>A web server where one inside a sandbox would be, and the tunnel to it that the stand-in for the agent opens.</summary>
internal sealed class InsideProgram : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<int> _tunnels = [];

    private InsideProgram(WebApplication app) => _app = app;

    /// <summary>The port of each tunnel that was opened, in order.</summary>
    public IReadOnlyList<int> Tunnels
    {
        get
        {
            lock (_tunnels)
            {
                return [.. _tunnels];
            }
        }
    }

    /// <summary>A port at which nothing listens, though tunnels to all others end at the program.</summary>
    public int Closed { get; set; }

    public static async Task<InsideProgram> StartAsync(FakeAgent agent, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(answer);
        await app.StartAsync();
        var program = new InsideProgram(app);
        var port = new Uri(app.Urls.Single()).Port;
        agent.Routes["/rock/portforward"] = http => program.TunnelAsync(http, port);
        return program;
    }

    /// <summary>Lets tunnels end at a listener that the test serves by hand.</summary>
    public static void Tunnel(FakeAgent agent, int port) =>
        agent.Routes["/rock/portforward"] = http => CarryAsync(http, port);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task TunnelAsync(HttpContext http, int port)
    {
        var asked = int.Parse(http.Request.Query["port"].ToString(), System.Globalization.CultureInfo.InvariantCulture);
        if (asked == Closed)
        {
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        lock (_tunnels)
        {
            _tunnels.Add(asked);
        }

        await CarryAsync(http, port);
    }

    private static async Task CarryAsync(HttpContext http, int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        http.Response.Headers.Upgrade = "tcp";
        http.Response.Headers.Connection = "Upgrade";
        await using var outside = await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await using var inside = client.GetStream();
        try
        {
            await await Task.WhenAny(outside.CopyToAsync(inside, http.RequestAborted), inside.CopyToAsync(outside, http.RequestAborted));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // One of the two is gone.
        }
    }
}
