using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Management;

internal static class DiagnosticsRoutes
{
    public static void MapDiagnostics(this IEndpointRouteBuilder api) =>
        api.MapGet("/diagnostics", ReadAsync).WithTags("Nodes")
            .WithSummary("What is in effect of what is promised of sandboxes: of this server, and of each node");

    private static async Task<JsonOk<DiagnosticsResult>> ReadAsync(
        ServerDiagnostics server, INodeDiagnostics nodes, CancellationToken cancellationToken)
    {
        var (own, told) = (await server.CheckAsync(cancellationToken), await nodes.ReadAsync(cancellationToken));
        var failed = own.Concat(told.SelectMany(node => node.Checks)).Any(check => check.Status is DiagnosticCheck.Failed);
        return new(new DiagnosticsResult(!failed, own, told));
    }
}
