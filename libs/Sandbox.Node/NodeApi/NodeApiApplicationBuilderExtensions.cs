using Sandbox.Cluster;

namespace Sandbox.Node.NodeApi;

/// <summary>The API that a node has for the other processes of the cluster.</summary>
public static class NodeApiApplicationBuilderExtensions
{
    /// <summary>The internal port: that the node lives, what was used when, what it and its sandboxes use, what is in effect on it, its
    /// maintenance, the sandboxes' logs, what they may reach, and the proxy to their agents.</summary>
    public static WebApplication MapNodeApi(this WebApplication app)
    {
        var metrics = app.Services.GetRequiredService<ContainerMetricsEndpoint>();
        app.Use((http, next) => metrics.IsFor(http) ? metrics.HandleAsync(http) : next(http));
        app.UseMiddleware<SignatureMiddleware>();
        app.MapGet(NodeApiRoutes.Ping, () => TypedResults.NoContent());
        app.MapGet(NodeApiRoutes.Logs, () => TypedResults.Text(string.Join('\n', app.Services.GetService<INodeLog>()?.Lines ?? [])));
        app.MapGet(NodeApiRoutes.Use, app.Services.GetRequiredService<NodeUsageEndpoint>().HandleAsync);
        app.MapGet(NodeApiRoutes.Diagnostics, app.Services.GetRequiredService<NodeDiagnosticsEndpoint>().HandleAsync);
        var maintenance = app.Services.GetRequiredService<NodeMaintenanceEndpoint>();
        app.MapGet(NodeApiRoutes.Maintenance, maintenance.HandleReadAsync);
        app.MapPost(NodeApiRoutes.Maintenance, maintenance.HandleRunAsync);
        app.MapGet(LogRoute.Pattern, app.Services.GetRequiredService<LogRoute>().HandleAsync);
        app.MapPost(EgressRoute.Pattern, app.Services.GetRequiredService<EgressRoute>().HandleAsync);
        app.MapGet(ActivityRoute.Pattern, app.Services.GetRequiredService<ActivityRoute>().HandleAsync);
        app.Map(AgentRoute.Pattern, app.Services.GetRequiredService<AgentRoute>().HandleAsync);
        return app;
    }
}

/// <summary>The last lines of a node's log, where something keeps them.</summary>
public interface INodeLog
{
    IReadOnlyList<string> Lines { get; }
}
