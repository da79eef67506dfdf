using System.Collections.Immutable;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Runs;

/// <summary>Whether a run may begin: its plan as it is now, what must have passed before, and the consent, which is used up in the
/// transaction that writes the run down.</summary>
internal sealed class RunAdmission(
    IRolloutStore store, Planner planner, ApprovalDesk desk, StateFolder stateFolder, TimeProvider time)
{
    /// <summary>Writes down that a run has begun, or says why it does not begin.</summary>
    /// <exception cref="AnsibleException">Ansible, the inventory or the playbook cannot be used.</exception>
    public async Task<BeginOutcome> BeginAsync(RunRequest request, CancellationToken cancellationToken)
    {
        if (request.Rollout is { } rollout)
        {
            return await BeginOfAsync(rollout, request, cancellationToken);
        }

        // The plan as it is now: a consent to what it was counts no more.
        var checkpoint = request.Checkpoint;
        var plan = await planner.PlanAsync(checkpoint, cancellationToken);
        if (await MissingAsync(request, plan, cancellationToken) is { } missing)
        {
            return missing;
        }

        var begun = new Execution(request.Id, checkpoint.Name, plan.TargetSet, plan.Hash, request.By, time.GetUtcNow())
        {
            Host = stateFolder.Host,
            IsForced = request.IsForced,
            IsPartial = !planner.Settings.Machines.IsEmpty,
        };
        if (!checkpoint.RequiresApproval)
        {
            return await BeginAsync(begun, plan, consumed: null, cancellationToken);
        }

        var (approved, problem) = (await desk.FindApprovedAsync(plan.Hash, request.Approval, cancellationToken), (string?)null);
        if (approved is null && request.Approval is null)
        {
            problem = await ImportFileAsync(checkpoint, plan, request.By, cancellationToken);
            approved = await desk.FindApprovedAsync(plan.Hash, id: null, cancellationToken);
        }

        return approved is not null && approved.Consume(plan.Hash, begun.Id, begun.StartedAt).TryGet(out var consumed, out _)
            ? await BeginAsync(begun with { Approval = approved.Id }, plan, consumed, cancellationToken)
            : await ApprovalRequiredAsync(plan, cancellationToken) with { FileProblem = problem };
    }

    /// <summary>Begins a run of a rollout with one consent to all of its checkpoints. The first run uses the consent up for the rollout;
    /// before each of the others, its playbooks, machines and variables must still be those that were consented to.</summary>
    private async Task<BeginOutcome> BeginOfAsync(WholeRollout rollout, RunRequest request, CancellationToken cancellationToken)
    {
        var approval = (await store.ApprovalsAsync(cancellationToken)).FirstOrDefault(found => found.ConsumedBy == rollout.Id);
        var plan = approval is null
            ? await planner.PlanAsync(rollout.Checkpoints, cancellationToken)
            : await planner.ContentAsync(rollout.Checkpoints, cancellationToken);
        if (await MissingAsync(request, plan, cancellationToken) is { } missing)
        {
            return missing;
        }

        approval ??= await desk.FindApprovedAsync(plan.Hash, request.Approval, cancellationToken);
        if (approval is null)
        {
            return await ApprovalRequiredAsync(plan, cancellationToken);
        }

        var (name, now) = (request.Checkpoint.Name, time.GetUtcNow());
        var begun = new Execution(request.Id, name, plan.TargetSet, approval.PlanHash, request.By, now)
        {
            Approval = approval.Id,
            Host = stateFolder.Host,
            IsForced = request.IsForced,
        };
        return approval.ConsumeFor(name, rollout.Id, plan.Hash, plan.ContentHash, now).TryGet(out var consumed, out _)
            ? await BeginAsync(begun, plan, consumed, cancellationToken)
            : new BeginOutcome.ApprovalRequired(plan)
            {
                Changed = plan.DifferencesFrom(approval.PlanParts).Remove(RolloutPlan.ChangesPart),
            };
    }

    private async Task<BeginOutcome.ApprovalRequired> ApprovalRequiredAsync(RolloutPlan plan, CancellationToken cancellationToken) =>
        new(plan) { Changed = await desk.ChangedSinceApprovalAsync(plan, cancellationToken) };

    /// <summary>Takes a consent over that lies in the state folder.</summary>
    /// <returns>Why it does not count; null when it does, and when there is none.</returns>
    private async Task<string?> ImportFileAsync(
        Checkpoint checkpoint, RolloutPlan plan, string by, CancellationToken cancellationToken)
    {
        var path = stateFolder.ApprovalFileOf(checkpoint);
        try
        {
            if (ApprovalFile.Find(path, checkpoint) is not { } file)
            {
                return null;
            }

            var problem = await desk.ImportAsync(file, plan, by, cancellationToken);
            if (await store.FindApprovalAsync(file.Id, cancellationToken) is not null)
            {
                // Cut short before this, the next look finds that it was taken over before.
                File.Delete(path);
            }

            return problem is null ? null : $"the approval {path} does not count: {problem}";
        }
        catch (ApprovalFileException exception)
        {
            return exception.Message;
        }
    }

    private async Task<BeginOutcome> BeginAsync(
        Execution begun, RolloutPlan plan, Approval? consumed, CancellationToken cancellationToken)
    {
        stateFolder.RunOf(begun.Id).Create();
        var what = RunEvents.Of(begun, begun.StartedBy, "execution.started", time.GetUtcNow());
        switch (await store.TryBeginAsync(begun, consumed, what, cancellationToken))
        {
            case null:
                stateFolder.Withdraw(begun);
                return new BeginOutcome.Begun(begun);
            case BeginRefusal.AlreadyRunning:
                return new BeginOutcome.AlreadyRunning();
            default:
                return new BeginOutcome.ApprovalRequired(plan);
        }
    }

    /// <summary>The earlier checkpoints that have not passed on all machines of a plan. What they ran on cannot change before the run is
    /// written down: a run of theirs would hold the machines.</summary>
    private async Task<BeginOutcome?> MissingAsync(RunRequest request, RolloutPlan plan, CancellationToken cancellationToken)
    {
        if (request.IsForced)
        {
            return null;
        }

        var passed = (await store.RecordsAsync(cancellationToken))
            .Where(record => record.Status is RecordStatus.Passed or RecordStatus.Skipped)
            .Select(record => (record.Checkpoint, record.Node))
            .ToHashSet();
        ImmutableArray<string> missing =
        [
            .. CheckpointCatalog.All.Where(earlier => earlier.Number < request.Checkpoint.Number)
                .Select(earlier => earlier.Name)
                .Where(earlier => !plan.Targets.Keys.All(node => passed.Contains((earlier, node)))),
        ];
        return missing.IsEmpty ? null : new BeginOutcome.PrerequisitesMissing(missing);
    }
}
