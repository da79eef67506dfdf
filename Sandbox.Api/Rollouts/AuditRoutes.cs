using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Audit;

namespace Sandbox.Api.Rollouts;

/// <summary>The audit log, whole, page by page, and as it grows.</summary>
internal static class AuditRoutes
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 1000;

    public static void MapAudit(this IEndpointRouteBuilder api)
    {
        api.MapGet("/audit", ListAsync).WithSummary("Who did what and why, the oldest first");
        api.MapGet("/audit/verify", VerifyAsync).WithSummary("Finds an entry that was changed or taken out");
        api.MapGet("/rollout/events", FollowAsync)
            .WithSummary("What happens to consents and runs, as server-sent events: the id of each is its number in the audit log")
            .WithMetadata(
                new QueryParameters(RolloutStream.Query), StreamMetadata.Instance,
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), ["text/event-stream"]));
    }

    private static async Task<Results<JsonOk<IReadOnlyList<AuditEntryResult>>, RolloutProblemResult>> ListAsync(
        [Description("The number of the last entry that the caller has; 0 where it is not said.")] string? after,
        [Description("How many at most, 1 to 1000; 100 where it is not said.")] string? limit, RolloutAccess rollout,
        CancellationToken cancellationToken)
    {
        var (from, most) = (0L, DefaultLimit);
        if (after is not null && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            return RolloutProblemResult.BadRequest("after: the number of an entry.");
        }

        if (limit is not null
            && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) || most is 0 or > MaxLimit))
        {
            return RolloutProblemResult.BadRequest($"limit: 1 to {MaxLimit}.");
        }

        var entries = await rollout.Store.AuditAsync(from, most, cancellationToken);
        return new JsonOk<IReadOnlyList<AuditEntryResult>>([.. entries.Select(RolloutMessages.Of)]);
    }

    private static async Task<JsonOk<AuditVerificationResult>> VerifyAsync(
        [Description("The newest entry's hash as it was noted elsewhere: without it, entries taken off the end are not noticed.")]
        string? last, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        var entries = await rollout.Store.AuditAsync(after: 0, int.MaxValue, cancellationToken);
        var problem = AuditChain.Verify(entries, last);
        return new(new AuditVerificationResult(
            problem is null, problem, entries.Count, entries.Count > 0 ? entries[^1].Hash : AuditChain.Start));
    }

    private static Task FollowAsync(HttpContext http, RolloutAccess rollout, RolloutStream stream) =>
        stream.SendAsync(http, async (after, cancellationToken) => new StreamPage(
            [.. (await rollout.Store.AuditAsync(after, MaxLimit, cancellationToken)).Select(EventOf)], End: null));

    private static StreamEvent EventOf(AuditEntry entry) => new(
        entry.Number, entry.Action, JsonSerializer.Serialize(RolloutMessages.Of(entry), ManagementJson.Default.AuditEntryResult));
}
