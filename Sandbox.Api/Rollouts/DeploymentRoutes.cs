using System.ComponentModel;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Bulk;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;

namespace Sandbox.Api.Rollouts;

/// <summary>Whole rollouts: their history, their begin and end, the way back to an earlier one; and several runs at once.</summary>
internal static class DeploymentRoutes
{
    public static void Map(IEndpointRouteBuilder read, IEndpointRouteBuilder run)
    {
        read.MapGet("/deployments", ListAsync).WithSummary("Whole rollouts and what schedules began, the newest first");
        read.MapGet("/deployments/{id}", FindAsync).WithSummary("One of them with its checkpoints");
        run.MapPost("/deployments", BeginAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("Begins a whole rollout; each checkpoint that needs an approval waits for one");
        run.MapPost("/deployments/{id}/cancel", CancelAsync).WithSummary("Ends a deployment, and its run with it");
        run.MapPost("/deployments/{id}/rollback", RollBackAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("Runs the playbooks and the inventory of a complete rollout again; id last: of the last one before the newest");
        run.MapPost("/executions/bulk", RunAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("Begins several runs, each with its own result");
    }

    private static async Task<Results<JsonOk<DeploymentPageResult>, RolloutProblemResult>> ListAsync(
        [Description("In this status only.")] string? status, [Description("Begun by this caller only.")] string? startedBy,
        [Description("Begun at this time or later.")] string? since, [Description("Begun before this time.")] string? until,
        [Description("How many at most, 1 to 200; 50 where it is not said.")] string? limit,
        [Description("What the page before gave as next.")] string? after, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        var filter = new DeploymentFilter { StartedBy = startedBy };
        if (status is not null)
        {
            if (StatusWord.Find<DeploymentState>(status) is not { } known)
            {
                return RolloutProblemResult.BadRequest($"status: one of {StatusWord.All<DeploymentState>()}.");
            }

            filter = filter with { State = known };
        }

        if (limit is not null)
        {
            if (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var most)
                || most is 0 or > DeploymentFilter.MostOfAPage)
            {
                return RolloutProblemResult.BadRequest($"limit: 1 to {DeploymentFilter.MostOfAPage}.");
            }

            filter = filter with { Limit = most };
        }

        if (!QueryReader.TryTime(since, out var from) || !QueryReader.TryTime(until, out var to))
        {
            return RolloutProblemResult.BadRequest("since and until: a time as 2030-01-31T00:00:00Z.");
        }

        var cursor = after is null ? null : DeploymentCursor.Parse(after);
        if (after is not null && cursor is null)
        {
            return RolloutProblemResult.BadRequest("after: what a page gave as next.");
        }

        var page = await rollout.Automation.Records.PageAsync(
            filter with { Since = from, Until = to, After = cursor }, cancellationToken);
        return new JsonOk<DeploymentPageResult>(
            new DeploymentPageResult([.. page.Items.Select(DeploymentMessages.Of)], page.Next?.ToString()));
    }

    private static async Task<Results<JsonOk<DeploymentResult>, RolloutProblemResult>> FindAsync(
        string id, RolloutAccess rollout, CancellationToken cancellationToken) =>
        await KnownAsync(id, rollout, cancellationToken) is { } found
            ? new JsonOk<DeploymentResult>(DeploymentMessages.Of(found))
            : Unknown();

    private static async Task<Results<JsonAccepted<DeploymentResult>, RolloutProblemResult, ProblemResult>> BeginAsync(
        JsonBody<DeploymentRequest> body, RolloutAccess rollout, CurrentCaller caller, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!body.IsAbsent && await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (FirstOf(body) is not { } first)
        {
            return RolloutProblemResult.UnknownCheckpoint(body.Value.StartFrom!);
        }

        return Accepted(await rollout.Automation.History.BeginAsync(
            new Deployment(Guid.NewGuid(), caller.Value.Name, time.GetUtcNow()) { Steps = Deployment.WholeFrom(first) },
            cancellationToken));
    }

    private static async Task<Results<JsonOk<DeploymentResult>, RolloutProblemResult>> CancelAsync(
        string id, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        if (await KnownAsync(id, rollout, cancellationToken) is not { } known)
        {
            return Unknown();
        }

        return await rollout.Automation.Deployments.CancelAsync(known.Id, caller.Value.Name, cancellationToken)
            ? new JsonOk<DeploymentResult>(
                DeploymentMessages.Of(await rollout.Automation.Records.FindAsync(known.Id, cancellationToken) ?? known))
            : new RolloutProblemResult(StatusCodes.Status409Conflict, "not_running", "The deployment has ended already.");
    }

    private static async Task<Results<JsonAccepted<DeploymentResult>, RolloutProblemResult, ProblemResult>> RollBackAsync(
        string id, JsonBody<DeploymentRequest> body, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        if (!body.IsAbsent && await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (FirstOf(body) is not { } first)
        {
            return RolloutProblemResult.UnknownCheckpoint(body.Value.StartFrom!);
        }

        var target = id is "last"
            ? await rollout.Automation.Rollbacks.TargetAsync(cancellationToken)
            : await KnownAsync(id, rollout, cancellationToken);
        if (target is null)
        {
            return Unknown();
        }

        if (target is not { State: DeploymentState.Completed, IsWhole: true, Bundle: { } bundle })
        {
            return new RolloutProblemResult(
                StatusCodes.Status409Conflict, "not_kept", "The rollout was not complete, or its playbooks and inventory were not kept.");
        }

        // Missing or changed files are told before anything begins.
        _ = rollout.Automation.Bundles.Open(bundle, rollout.Planner.Settings);
        return Accepted(await rollout.Automation.History.BeginAsync(
            rollout.Automation.Rollbacks.Of(target, first, caller.Value.Name), cancellationToken));
    }

    private static async Task<Results<JsonOk<BulkRunResult>, RolloutProblemResult, ProblemResult>> RunAsync(
        JsonBody<BulkRunRequest> body, RolloutAccess rollout, CurrentCaller caller, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (body.Value.Items is not { Count: > 0 and <= BulkRunner.Most } items)
        {
            return RolloutProblemResult.BadRequest($"items: 1 to {BulkRunner.Most} runs.");
        }

        var asked = items.Select(item => new BulkItem(item?.Checkpoint ?? "") { Machines = [.. item?.Machines ?? []] });
        var results = await rollout.Automation.Bulk.BeginAsync([.. asked], caller.Value.Name, body.Value.Force, cancellationToken);
        return new JsonOk<BulkRunResult>(new BulkRunResult([.. results.Select(ResultOf)]));
    }

    /// <summary>Null: the name is none.</summary>
    private static Checkpoint? FirstOf(JsonBody<DeploymentRequest> body) =>
        body.IsAbsent || body.Value.StartFrom is null ? CheckpointCatalog.All[0] : CheckpointCatalog.Find(body.Value.StartFrom);

    private static async Task<Deployment?> KnownAsync(string id, RolloutAccess rollout, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var known) ? await rollout.Automation.Records.FindAsync(known, cancellationToken) : null;

    private static RolloutProblemResult Unknown() => RolloutProblemResult.NotFound("There is no such deployment.");

    private static JsonAccepted<DeploymentResult> Accepted(Deployment begun) =>
        new(DeploymentMessages.Of(begun), $"{ManagementEndpoints.Prefix}/deployments/{begun.Id}");

    private static BulkItemResult ResultOf(BulkResult result) => new(
        result.Item.Checkpoint,
        result.Item.Machines,
        result.Outcome switch
        {
            BeginOutcome.Begun => "STARTED",
            BeginOutcome.ApprovalRequired => "APPROVAL_REQUIRED",
            BeginOutcome.AlreadyRunning => "ALREADY_RUNNING",
            BeginOutcome.PrerequisitesMissing => "PREREQUISITES_MISSING",
            _ => "REFUSED",
        })
    {
        ExecutionId = (result.Outcome as BeginOutcome.Begun)?.Execution.Id,
        PlanHash = (result.Outcome as BeginOutcome.ApprovalRequired)?.Plan.Hash,
        Error = result.Error,
    };
}
