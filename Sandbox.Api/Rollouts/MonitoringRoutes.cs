using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;

namespace Sandbox.Api.Rollouts;

/// <summary>What the cluster's monitoring says, for callers that cannot reach it themselves.</summary>
internal static class MonitoringRoutes
{
    public static void MapMonitoring(this IEndpointRouteBuilder api)
    {
        api.MapGet("/monitoring/prometheus", MetricsAsync)
            .WithSummary("The newest value of each series that Prometheus has, in its text form")
            .WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/plain"]));
        api.MapGet("/monitoring/grafana/dashboards", DashboardsAsync).WithSummary("Grafana's dashboards");
    }

    private static async Task MetricsAsync(HttpContext http, MonitoringProxy monitoring)
    {
        switch (await monitoring.MetricsAsync(http.RequestAborted))
        {
            case MonitoringAnswer.Told { Body: var body }:
                http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                http.Response.ContentLength = body.Length;
                http.Response.Headers.XContentTypeOptions = "nosniff";
                await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
                break;
            case MonitoringAnswer.Unavailable { Reason: var reason }:
                await Unavailable(reason).ExecuteAsync(http);
                break;
        }
    }

    private static async Task<Results<JsonOk<IReadOnlyList<DashboardResult>>, RolloutProblemResult>> DashboardsAsync(
        MonitoringProxy monitoring, CancellationToken cancellationToken)
    {
        var answer = await monitoring.DashboardsAsync(cancellationToken);
        if (answer is MonitoringAnswer.Unavailable { Reason: var reason })
        {
            return Unavailable(reason);
        }

        try
        {
            using var document = JsonDocument.Parse(((MonitoringAnswer.Told)answer).Body);
            return new JsonOk<IReadOnlyList<DashboardResult>>(
                [.. document.RootElement.EnumerateArray().Select(found => DashboardOf(found, monitoring.Options.GrafanaUrl))]);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return Unavailable("Grafana's answer is no list of dashboards.");
        }
    }

    private static DashboardResult DashboardOf(JsonElement found, string grafana) => new(
        Text(found, "uid"), Text(found, "title"), grafana.TrimEnd('/') + Text(found, "url"),
        Text(found, "description") is { Length: > 0 } told ? told
            : found.TryGetProperty("tags", out var tags) && tags.ValueKind is JsonValueKind.Array
                ? string.Join(", ", tags.EnumerateArray().Select(tag => tag.ToString())) : "");

    private static string Text(JsonElement found, string name) => found.TryGetProperty(name, out var text) ? text.ToString() : "";

    private static RolloutProblemResult Unavailable(string reason) =>
        new(StatusCodes.Status503ServiceUnavailable, "no_monitoring", reason);
}
