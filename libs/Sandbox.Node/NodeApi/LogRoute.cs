using System.Globalization;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.NodeApi;

/// <summary>Tells an API what the main process of a sandbox of this node has written.</summary>
internal sealed class LogRoute(ISandboxLogs logs, ISandboxStore records, NodeIdentity node, IHostApplicationLifetime lifetime)
{
    public const string Pattern = NodeApiRoutes.SandboxLogs + "/{sandbox}/{incarnation}";

    public async Task HandleAsync(HttpContext http)
    {
        if (!SandboxId.TryParse(http.Request.RouteValues["sandbox"] as string, null, out var id)
            || !IncarnationId.TryParse(http.Request.RouteValues["incarnation"] as string, null, out var incarnation)
            || await records.FindAsync(id, http.RequestAborted) is not { State: not SandboxState.Deleted } record
            || record.Incarnation != incarnation || !node.Has(record))
        {
            await NodeApiResponses.NotHereAsync(http);
            return;
        }

        if (!(await logs.OpenAsync(record, QueryOf(http.Request.Query), http.RequestAborted)).TryGet(out var log, out var error))
        {
            await RefuseAsync(http, error);
            return;
        }

        using (log)
        {
            await http.SendTextAsync(log.Pieces, lifetime.ApplicationStopping);
        }
    }

    /// <summary>As the API wrote it; what it did not write so is as if it were not there.</summary>
    private static LogQuery QueryOf(IQueryCollection query) => new(
        query["follow"] == "true",
        int.TryParse(query["tail"], NumberStyles.None, CultureInfo.InvariantCulture, out var lines) ? lines : null,
        DateTimeOffset.TryParseExact(query["since"], "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var since)
            ? since : null);

    private static Task RefuseAsync(HttpContext http, SandboxError error) => error switch
    {
        SandboxError.NoLog none =>
            NodeApiResponses.WriteAsync(http, StatusCodes.Status409Conflict, NodeApiRoutes.NoLog, none.Reason),
        SandboxError.Unsupported refused =>
            NodeApiResponses.WriteAsync(http, StatusCodes.Status501NotImplemented, NodeApiRoutes.Unsupported, refused.Reason),
        _ => NodeApiResponses.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, NodeApiRoutes.Unreachable, error.Text),
    };
}
