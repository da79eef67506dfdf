using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Api.Rollouts;

/// <summary>Requests for a consent, and the answers to them. A request is named by its id, or by its checkpoint: then the newest one is
/// meant that can be answered.</summary>
internal static class ApprovalRoutes
{
    private const int MostListed = 1000;

    public static void Map(IEndpointRouteBuilder read, IEndpointRouteBuilder run, IEndpointRouteBuilder approve)
    {
        read.MapGet("/approvals", ListAsync).WithSummary("Requests for a consent and what came of them, the newest first");
        read.MapGet("/approvals/{name}", FindAsync).WithSummary("What a checkpoint asks of people, and the requests that are open");
        run.MapPost("/approvals", RequestAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("Asks for a consent to what a run of a checkpoint would do now");
        approve.MapPost("/approvals/{name}", GrantAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("Consents to the plan of a request; the next run of it uses the consent up");
        approve.MapPost("/approvals/{name}/deny", DenyAsync).WithSummary("Says no to a request, which ends it");
        approve.MapPost("/approvals/{name}/revoke", RevokeAsync).WithSummary("Takes back a consent that no run has used");
    }

    private static async Task<JsonOk<IReadOnlyList<ApprovalResult>>> ListAsync(
        RolloutAccess rollout, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var all = await rollout.Store.ApprovalsAsync(cancellationToken);
        return new([.. all.Take(MostListed).Select(approval => RolloutMessages.Of(approval, now))]);
    }

    private static async Task<Results<JsonOk<ApprovalInfoResult>, RolloutProblemResult>> FindAsync(
        string name, RolloutAccess rollout, ConsentRequests consents, CancellationToken cancellationToken)
    {
        if (CheckpointCatalog.Find(name) is { } checkpoint)
        {
            return new JsonOk<ApprovalInfoResult>(
                consents.InfoOf(checkpoint, await consents.OpenAsync(checkpoint, cancellationToken)));
        }

        return Guid.TryParse(name, out var id) && await rollout.Store.FindApprovalAsync(id, cancellationToken) is { } approval
            && CheckpointOf(approval) is { } known
            ? new JsonOk<ApprovalInfoResult>(consents.InfoOf(known, [approval]))
            : RolloutProblemResult.UnknownCheckpoint(name);
    }

    private static async Task<Results<JsonCreated<PlanResult>, RolloutProblemResult, ProblemResult>> RequestAsync(
        JsonBody<ApprovalRequest> body, RolloutAccess rollout, ConsentRequests consents, CurrentCaller caller,
        CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        var name = body.Value.Checkpoint ?? "";
        if (CheckpointCatalog.Find(name) is not { } checkpoint)
        {
            return RolloutProblemResult.UnknownCheckpoint(name);
        }

        if (!checkpoint.RequiresApproval)
        {
            return NotNeeded(checkpoint);
        }

        var plan = await rollout.Planner.PlanAsync(checkpoint, cancellationToken);
        var request = await consents.FindOrFileAsync(checkpoint, plan, caller.Value.Name, cancellationToken);
        return new JsonCreated<PlanResult>(RolloutMessages.Of(checkpoint, plan, request.Id));
    }

    private static async Task<Results<JsonOk<ApprovalGrantResult>, RolloutProblemResult, ProblemResult>> GrantAsync(
        string name, JsonBody<ApprovalGrantRequest> body, RolloutAccess rollout, ConsentRequests consents, CurrentCaller caller,
        CancellationToken cancellationToken)
    {
        var named = await NamedAsync(name, ApprovalState.Requested, rollout, consents, cancellationToken);
        if (named.Checkpoint is not { } checkpoint)
        {
            return RolloutProblemResult.UnknownCheckpoint(name);
        }

        if (body.IsAbsent)
        {
            return RolloutProblemResult.BadRequest("The body is missing: approved_by and reason.");
        }

        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (!checkpoint.RequiresApproval)
        {
            return NotNeeded(checkpoint);
        }

        var grant = body.Value;
        if (ConsentRequests.ProblemOf(grant, named.Request?.IsDestructive ?? checkpoint.IsDestructive, checkpoint.Name) is { } problem)
        {
            return problem;
        }

        if (named.Request is null && !rollout.Options.AllowsOwnApproval)
        {
            return new RolloutProblemResult(
                StatusCodes.Status409Conflict, "no_request",
                $"Nobody has asked for a consent to {checkpoint.Name}: another caller first runs it, or asks with POST /api/v1/approvals.")
            { Checkpoint = checkpoint.Name };
        }

        // Who consents before anybody asks, asks for the plan as it is now.
        var request = named.Request ?? await consents.FindOrFileAsync(
            checkpoint, await rollout.Planner.PlanAsync(checkpoint, cancellationToken), caller.Value.Name, cancellationToken);
        if (grant.PlanHash is { } looked && looked != request.PlanHash)
        {
            return ApprovalRefusals.ResultOf(ApprovalRefusal.PlanChanged, checkpoint.Name);
        }

        var outcome = await consents.GrantAsync(request, grant, caller.Value.Name, cancellationToken);
        return outcome.TryGet(out var next, out var refusal)
            ? new JsonOk<ApprovalGrantResult>(Granted(checkpoint, next, grant))
            : ApprovalRefusals.ResultOf(refusal, checkpoint.Name);
    }

    private static Task<Results<JsonOk<ApprovalResult>, RolloutProblemResult, ProblemResult>> DenyAsync(
        string name, JsonBody<ApprovalDecisionRequest> body, RolloutAccess rollout, ConsentRequests consents, CurrentCaller caller,
        TimeProvider time, CancellationToken cancellationToken) =>
        EndAsync(
            name, ApprovalState.Requested, body, rollout, consents, (id, reason) =>
                rollout.Desk.DenyAsync(id, caller.Value.Name, reason, cancellationToken), time, cancellationToken);

    private static Task<Results<JsonOk<ApprovalResult>, RolloutProblemResult, ProblemResult>> RevokeAsync(
        string name, JsonBody<ApprovalDecisionRequest> body, RolloutAccess rollout, ConsentRequests consents, CurrentCaller caller,
        TimeProvider time, CancellationToken cancellationToken) =>
        EndAsync(
            name, ApprovalState.Approved, body, rollout, consents, (id, reason) =>
                rollout.Desk.RevokeAsync(id, caller.Value.Name, reason, cancellationToken), time, cancellationToken);

    private static async Task<Results<JsonOk<ApprovalResult>, RolloutProblemResult, ProblemResult>> EndAsync(
        string name, ApprovalState from, JsonBody<ApprovalDecisionRequest> body, RolloutAccess rollout, ConsentRequests consents,
        Func<Guid, string, Task<ApprovalOutcome>> step, TimeProvider time, CancellationToken cancellationToken)
    {
        var named = await NamedAsync(name, from, rollout, consents, cancellationToken);
        if (named.Checkpoint is not { } checkpoint)
        {
            return RolloutProblemResult.UnknownCheckpoint(name);
        }

        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (ConsentRequests.ProblemOf(body.Value.Reason, checkpoint.Name) is { } problem)
        {
            return problem;
        }

        if (named.Request is not { } request)
        {
            return ApprovalRefusals.ResultOf(ApprovalRefusal.Unknown, checkpoint.Name);
        }

        var outcome = await step(request.Id, body.Value.Reason!);
        return outcome.TryGet(out var next, out var refusal)
            ? new JsonOk<ApprovalResult>(RolloutMessages.Of(next, time.GetUtcNow()))
            : ApprovalRefusals.ResultOf(refusal, checkpoint.Name);
    }

    /// <summary>The checkpoint that a name means, and the request: the one of that id, or the newest of the checkpoint that stands where it
    /// can be answered.</summary>
    private static async Task<(Checkpoint? Checkpoint, Approval? Request)> NamedAsync(
        string name, ApprovalState state, RolloutAccess rollout, ConsentRequests consents, CancellationToken cancellationToken)
    {
        if (CheckpointCatalog.Find(name) is { } checkpoint)
        {
            var open = await consents.OpenAsync(checkpoint, cancellationToken);
            return (checkpoint, open.FirstOrDefault(request => rollout.StateOf(request) == state));
        }

        return Guid.TryParse(name, out var id) && await rollout.Store.FindApprovalAsync(id, cancellationToken) is { } found
            ? (CheckpointOf(found), found)
            : (null, null);
    }

    /// <summary>Of a whole rollout, the first that asks for a consent.</summary>
    private static Checkpoint? CheckpointOf(Approval approval) =>
        approval.Checkpoints.Select(CheckpointCatalog.Find).OfType<Checkpoint>().OrderBy(known => !known.RequiresApproval).FirstOrDefault();

    private static RolloutProblemResult NotNeeded(Checkpoint checkpoint) =>
        new(StatusCodes.Status400BadRequest, "approval_not_needed", $"{checkpoint.Name} needs no consent.")
        { Checkpoint = checkpoint.Name };

    private static ApprovalGrantResult Granted(Checkpoint checkpoint, Approval approval, ApprovalGrantRequest grant)
    {
        var given = approval.Consents[^1];
        return new ApprovalGrantResult(
            checkpoint.Name, approval.Consents.Length >= approval.Needed, grant.ApprovedBy!, given.At, approval.Id.ToString())
        {
            AuthenticatedAs = given.By,
            Given = approval.Consents.Length,
            Needed = approval.Needed,
        };
    }
}
