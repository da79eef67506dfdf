using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Sandboxes;

/// <summary>The status of many at once. Ids that are unknown, malformed or no longer live are silently missing.</summary>
internal sealed class BatchStatusEndpoint(TenantScopedRecords records, StatusViews views, RockBody body)
{
    public const string FailureMessage = "batch get sandbox status failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Batch) is not { } request)
        {
            return;
        }

        var statuses = new List<StatusResult>();
        foreach (var text in request.SandboxIds.Distinct(StringComparer.Ordinal))
        {
            if (SandboxId.TryParse(text, null, out var id)
                && await records.FindAsync(id, http.RequestAborted) is { } sandbox
                && ListSandboxesEndpoint.Live.Contains(sandbox.State))
            {
                statuses.Add(views.BatchItemOf(sandbox));
            }
        }

        await Envelopes.SucceedAsync(http, new BatchResult { Statuses = statuses }, RockJson.Default.BatchResult);
    }
}
