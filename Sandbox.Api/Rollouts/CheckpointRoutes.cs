using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Status;

namespace Sandbox.Api.Rollouts;

/// <summary>Checkpoints: what became of them, what a run would do, and their runs' begin.</summary>
internal static class CheckpointRoutes
{
    public static void Map(IEndpointRouteBuilder read, IEndpointRouteBuilder run)
    {
        read.MapGet("/checkpoints", ListAsync).WithSummary("The checkpoints in their order, and what their last runs came to");
        read.MapGet("/checkpoints/{name}", FindAsync).WithSummary("What the last run of a checkpoint came to on each machine");
        read.MapGet("/checkpoints/{name}/plan", PlanAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("What a run of a checkpoint would do now, on which machines");
        run.MapPost("/checkpoints/{name}", RunAsync).RequireRateLimiting(RolloutEndpoints.PlanLimit)
            .WithSummary("Begins a run of a checkpoint; without a consent that fits, files a request for one");
    }

    private static async Task<JsonOk<IReadOnlyList<CheckpointStatusResult>>> ListAsync(
        RolloutAccess rollout, CancellationToken cancellationToken)
    {
        var records = await rollout.Store.RecordsAsync(cancellationToken);
        var running = await RunningAsync(rollout, cancellationToken);
        return new([.. CheckpointCatalog.All.Select(
            checkpoint => StatusMessages.Of(CheckpointStatus.Of(checkpoint, records, running.Contains(checkpoint.Name))))]);
    }

    private static async Task<Results<JsonOk<CheckpointStatusResult>, RolloutProblemResult>> FindAsync(
        string name, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        if (CheckpointCatalog.Find(name) is not { } checkpoint)
        {
            return RolloutProblemResult.UnknownCheckpoint(name);
        }

        var running = await RunningAsync(rollout, cancellationToken);
        return new JsonOk<CheckpointStatusResult>(StatusMessages.Of(CheckpointStatus.Of(
            checkpoint, await rollout.Store.RecordsAsync(cancellationToken), running.Contains(checkpoint.Name))));
    }

    private static async Task<Results<JsonOk<PlanResult>, RolloutProblemResult>> PlanAsync(
        string name, RolloutAccess rollout, CancellationToken cancellationToken)
    {
        if (CheckpointCatalog.Find(name) is not { } checkpoint)
        {
            return RolloutProblemResult.UnknownCheckpoint(name);
        }

        var plan = await rollout.Planner.PlanAsync(checkpoint, cancellationToken);
        return new JsonOk<PlanResult>(RolloutMessages.Of(checkpoint, plan, approval: null));
    }

    private static async Task<Results<JsonAccepted<CheckpointRunResult>, RolloutProblemResult, ProblemResult>> RunAsync(
        string name, JsonBody<CheckpointRunRequest> body, RolloutAccess rollout, ConsentRequests consents, CurrentCaller caller,
        CancellationToken cancellationToken)
    {
        if (CheckpointCatalog.Find(name) is not { } checkpoint)
        {
            return RolloutProblemResult.UnknownCheckpoint(name);
        }

        if (!body.IsAbsent && await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        var asked = body.IsAbsent ? new CheckpointRunRequest() : body.Value;
        if (Refusal(asked, checkpoint, caller.Value) is { } refusal)
        {
            return refusal;
        }

        var run = new RunRequest(checkpoint, caller.Value.Name)
        {
            IsForced = asked.Force,
            Approval = asked.ApprovalToken is { } token ? Guid.Parse(token) : null,
        };
        var outcome = await rollout.BeginAsync(run, cancellationToken);
        if (outcome is BeginOutcome.ApprovalRequired { Plan: var plan } && asked.Approve)
        {
            var request = await consents.FindOrFileAsync(checkpoint, plan, caller.Value.Name, cancellationToken);
            var granted = await consents.GrantAsync(request, GrantIn(asked, caller.Value), caller.Value.Name, cancellationToken);
            if (!granted.TryGet(out _, out var why))
            {
                return ApprovalRefusals.ResultOf(why, checkpoint.Name);
            }

            outcome = await rollout.BeginAsync(run, cancellationToken);
        }

        return outcome switch
        {
            BeginOutcome.Begun { Execution: var begun } => Accepted(begun),
            BeginOutcome.AlreadyRunning => new RolloutProblemResult(
                StatusCodes.Status409Conflict, "already_running", "Another run against one of these machines has not ended.")
            { Checkpoint = checkpoint.Name },
            BeginOutcome.PrerequisitesMissing { Checkpoints: var missing } => new RolloutProblemResult(
                StatusCodes.Status409Conflict, "prerequisites_missing",
                $"First {string.Join(", ", missing)} must pass on all machines; with force it runs all the same.")
            { Checkpoint = checkpoint.Name },
            BeginOutcome.ApprovalRequired { Plan: var needed } =>
                await consents.RequiredAsync(checkpoint, needed, caller.Value.Name, cancellationToken),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>What keeps a request from being tried at all; null: nothing.</summary>
    private static RolloutProblemResult? Refusal(CheckpointRunRequest asked, Checkpoint checkpoint, Caller caller) =>
        asked.ApprovalToken is { } token && !Guid.TryParse(token, out _)
            ? RolloutProblemResult.BadRequest("approval_token: it names no consent.")
        : !asked.Approve || !checkpoint.RequiresApproval ? null
        : !caller.May(Permission.RolloutApprove) ? RolloutProblemResult.Forbidden(Permission.RolloutApprove)
        : ConsentRequests.ProblemOf(GrantIn(asked, caller), checkpoint.IsDestructive, checkpoint.Name);

    private static ApprovalGrantRequest GrantIn(CheckpointRunRequest asked, Caller caller) =>
        new(asked.ApprovedBy ?? caller.Name, asked.Reason, asked.AcknowledgeRisks);

    private static JsonAccepted<CheckpointRunResult> Accepted(Execution begun) => new(
        new CheckpointRunResult(
            begun.Checkpoint, begun.Id, StatusWord.Of(begun.State), begun.StartedAt, $"The run of {begun.Checkpoint} has begun."),
        $"{ManagementEndpoints.Prefix}/executions/{begun.Id}");

    private static async Task<HashSet<string>> RunningAsync(RolloutAccess rollout, CancellationToken cancellationToken) =>
        [.. (await rollout.Store.ActiveExecutionsAsync(cancellationToken)).Select(execution => execution.Checkpoint)];
}
