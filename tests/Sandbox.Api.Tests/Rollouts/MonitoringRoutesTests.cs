using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sandbox.Api.Tests.Rollouts;

/// <summary>What the cluster's monitoring says, through the interface; it is stood in for by a server that answers as it does.</summary>
public sealed class MonitoringRoutesTests
{
    [Fact]
    [Trait("Row", "24")]
    public async Task Monitoring_ThatAnswers_IsPassedOn()
    {
        await using var monitoring = await MonitoringAsync(large: false);
        var address = monitoring.Urls.Single();
        await using var server = await RolloutServer.StartAsync(("Monitoring:PrometheusUrl", address), ("Monitoring:GrafanaUrl", address));

        using var metrics = await server.Api.AskAsync(server.Reader, "/api/v1/monitoring/prometheus");
        var dashboards = await server.AskAsync(200, server.Reader, "/monitoring/grafana/dashboards");

        Assert.Equal((HttpStatusCode.OK, "text/plain"), (metrics.StatusCode, metrics.Content.Headers.ContentType?.MediaType));
        Assert.Equal("up{job=\"node\"} 1\n", await metrics.Content.ReadAsStringAsync());
        var dashboard = Assert.Single(dashboards.EnumerateArray());
        Assert.Equal(
            ("nodes", "Nodes", $"{address}/d/nodes/nodes", "machines"),
            (dashboard.GetProperty("id").GetString(), dashboard.GetProperty("title").GetString(),
                dashboard.GetProperty("url").GetString(), dashboard.GetProperty("description").GetString()));
    }

    [Fact]
    [Trait("Row", "24")]
    public async Task Monitoring_ThatIsNotThereOrAnswersTooMuch_IsUnavailableWithAReason()
    {
        await using var none = await RolloutServer.StartAsync();
        await AssertUnavailableAsync(none, "/monitoring/prometheus", "Monitoring:PrometheusUrl is not set");
        await AssertUnavailableAsync(none, "/monitoring/grafana/dashboards", "Monitoring:GrafanaUrl is not set");

        await using var monitoring = await MonitoringAsync(large: true);
        await using var server = await RolloutServer.StartAsync(
            ("Monitoring:PrometheusUrl", monitoring.Urls.Single()), ("Monitoring:GrafanaUrl", "http://127.0.0.1:9"));
        await AssertUnavailableAsync(server, "/monitoring/prometheus", "more than 16 MiB");
        await AssertUnavailableAsync(server, "/monitoring/grafana/dashboards", "does not answer");
    }

    private static async Task AssertUnavailableAsync(RolloutServer server, string path, string reason)
    {
        var refused = await server.AskAsync(503, server.Reader, path);
        Assert.Equal("NO_MONITORING", refused.GetProperty("error").GetString());
        Assert.Contains(reason, refused.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> MonitoringAsync(bool large)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/federate", (HttpContext http) =>
            http.Response.WriteAsync(large ? new string('x', (16 << 20) + 1) : "up{job=\"node\"} 1\n"));
        app.MapGet("/api/search", (HttpContext http) => http.Response.WriteAsync(
            """[{"id":1,"uid":"nodes","title":"Nodes","url":"/d/nodes/nodes","tags":["machines"]}]"""));
        await app.StartAsync();
        return app;
    }
}
