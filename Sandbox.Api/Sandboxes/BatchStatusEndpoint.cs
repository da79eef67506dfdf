using Sandbox.Api.Rock;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Sandboxes;

/// <summary>The status of many at once. Ids that are unknown, malformed or no longer live are silently missing.</summary>
internal sealed class BatchStatusEndpoint(PageReader pages, StatusViews views, RockBody body)
{
    public const string FailureMessage = "batch get sandbox status failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Batch) is not { } request)
        {
            return;
        }

        var ids = request.SandboxIds.Distinct(StringComparer.Ordinal)
            .Select(text => SandboxId.TryParse(text, null, out var id) ? (SandboxId?)id : null).OfType<SandboxId>().ToList();
        var query = new SandboxQuery(ListSandboxesEndpoint.Live, new Dictionary<string, string>(), PageSize: Math.Max(ids.Count, 1))
        {
            Ids = ids,
        };
        if (await pages.ReadAsync(http, query) is not { } found)
        {
            await Envelopes.FailAsync(http, FailureMessage, new SandboxError.Overloaded(IsDone: false));
            return;
        }

        // In the order of the question.
        var sandboxes = found.Items.ToDictionary(sandbox => sandbox.Id);
        var statuses = ids.Where(sandboxes.ContainsKey).Select(id => views.BatchItemOf(sandboxes[id])).ToList();
        await Envelopes.SucceedAsync(http, new BatchResult { Statuses = statuses }, RockJson.Default.BatchResult);
    }
}
