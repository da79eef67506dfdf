using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.ClusterManagement;

/// <summary>All that people and programs look for is on the one port of the server.</summary>
public sealed class OnePortTests
{
    [Theory]
    [Trait("Row", "49")]
    [InlineData("/", "text/html", "<a href=\"/dashboard/\">")]
    [InlineData("/", "application/json", "\"docs\":\"/docs\"")]
    [InlineData("/docs", "text/html", "GET /api/v1/resources/nodes")]
    [InlineData("/redoc", "text/html", "POST /api/v1/resources/nodes/add")]
    [InlineData("/openapi.json", "application/json", "\"/api/v1/resources/capacity\"")]
    [InlineData("/api/v1/cluster/status", "application/json", "\"healthy\":false")]
    [InlineData("/v1/models", "application/json", "\"object\":\"list\"")]
    [InlineData("/health", "application/json", "\"status\":\"healthy\"")]
    [InlineData("/dashboard/a/b?c=d", "text/html", "the dashboard: GET /a/b?c=d")]
    public async Task Path_OfTheOnePort_IsServed(string path, string accept, string expected)
    {
        await using var dashboard = await StartDashboardAsync();
        await using var server = await ApiServer.StartAsync(("ClusterManagement:DashboardUrl", dashboard.Urls.Single()));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.ParseAdd(accept);

        using var answer = await server.Http.SendAsync(request);

        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.OK, $"{path} was to be served: {(int)answer.StatusCode} {body}");
        Assert.Contains(expected, body, StringComparison.Ordinal);
        if (accept is "text/html" && !path.StartsWith("/dashboard", StringComparison.Ordinal))
        {
            Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Row", "49")]
    public async Task Dashboard_OverAWebSocket_IsReached()
    {
        await using var dashboard = await StartDashboardAsync();
        await using var server = await ApiServer.StartAsync(("ClusterManagement:DashboardUrl", dashboard.Urls.Single()));
        using var socket = new ClientWebSocket();

        await socket.ConnectAsync(new UriBuilder(server.Address) { Scheme = "ws", Path = "/dashboard/live" }.Uri, default);

        var buffer = new byte[100];
        var received = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("live", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    /// <summary>The key is ours, a cookie the dashboard's.</summary>
    [Fact]
    [Trait("Row", "49")]
    public async Task Dashboard_AskedByAnAdmin_GetsTheCookieAndNoKeyAndATenantNothing()
    {
        await using var dashboard = await StartDashboardAsync();
        await using var server = await ApiServer.StartAsync(("ClusterManagement:DashboardUrl", dashboard.Urls.Single()));
        var (_, admin) = await server.GivenKeyAsync("default", admin: true);
        var (_, tenant) = await server.GivenKeyAsync("red");

        Assert.Equal("[Cookie, a=b]", await HeadersAsync(admin, HttpStatusCode.OK));
        Assert.Contains("An admin's API key is needed.", await HeadersAsync(tenant, HttpStatusCode.Forbidden), StringComparison.Ordinal);

        async Task<string> HeadersAsync(string key, HttpStatusCode expected)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/dashboard/headers");
            request.Headers.Add("X-API-Key", key);
            request.Headers.Add("Cookie", "a=b");
            using var answer = await server.Http.SendAsync(request);
            Assert.Equal(expected, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    [Trait("Row", "49")]
    public async Task Dashboard_ThatIsNoneOrDoesNotAnswer_IsSaidSo()
    {
        await using var without = await ApiServer.StartAsync();
        var gone = await StartDashboardAsync();
        await using var server = await ApiServer.StartAsync(("ClusterManagement:DashboardUrl", gone.Urls.Single()));
        await gone.DisposeAsync();

        using var unset = await without.Http.GetAsync("/dashboard/");
        using var failed = await server.Http.GetAsync("/dashboard/");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.BadGateway), (unset.StatusCode, failed.StatusCode));
        Assert.Contains("ClusterManagement:DashboardUrl is not set", await unset.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task<WebApplication> StartDashboardAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        app.UseWebSockets();
        app.MapGet("/headers", (HttpContext http) => string.Join(
            ' ', http.Request.Headers.Where(header => header.Key is "Cookie" or "X-API-Key" or "Authorization")));
        app.MapGet("/live", async (HttpContext http) =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("live"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, default);
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", default);
        });
        app.MapFallback((HttpContext http) => $"the dashboard: {http.Request.Method} {http.Request.Path}{http.Request.QueryString}");
        await app.StartAsync();
        return app;
    }
}
