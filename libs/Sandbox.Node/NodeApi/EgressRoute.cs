using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.NodeApi;

/// <summary>Puts in effect what the record says that a sandbox of this node may reach.</summary>
internal sealed class EgressRoute(IEgressControl control, ISandboxStore records, NodeIdentity node)
{
    public const string Pattern = NodeApiRoutes.SandboxEgress + "/{sandbox}/{incarnation}";

    public async Task HandleAsync(HttpContext http)
    {
        if (!SandboxId.TryParse(http.Request.RouteValues["sandbox"] as string, null, out var id)
            || !IncarnationId.TryParse(http.Request.RouteValues["incarnation"] as string, null, out var incarnation)
            || await records.FindAsync(id, http.RequestAborted) is not { State: SandboxState.Running } record
            || record.Incarnation != incarnation || !node.Has(record))
        {
            await NodeApiResponses.NotHereAsync(http);
            return;
        }

        await (await control.ApplyAsync(record, http.RequestAborted) switch
        {
            null => Done(http),
            SandboxError.Unsupported refused =>
                NodeApiResponses.WriteAsync(http, StatusCodes.Status501NotImplemented, NodeApiRoutes.Unsupported, refused.Reason),
            { } error => NodeApiResponses.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, NodeApiRoutes.Unreachable, error.Text),
        });
    }

    private static Task Done(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
