using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Runs;

/// <summary>
/// Runs a checkpoint: plan, consent, process, records. What it has begun is in the store before the process begins, and the process
/// outlives this one, so that after a crash <see cref="ResumeAsync"/> finds it again or knows that it did not begin.
/// </summary>
/// <param name="stateFolder">Where runs have their folders; for its owner alone.</param>
public sealed class CheckpointRunner(
    IRolloutStore store, Planner planner, ApprovalDesk desk, StateFolder stateFolder, TimeProvider time)
{
    /// <inheritdoc cref="BeginAsync(RunRequest, CancellationToken)"/>
    public Task<BeginOutcome> BeginAsync(Checkpoint checkpoint, string by, CancellationToken cancellationToken) =>
        BeginAsync(new RunRequest(checkpoint, by), cancellationToken);

    /// <summary>Begins a run. Follow it with <see cref="FollowAsync(Execution, CancellationToken)"/>.</summary>
    /// <exception cref="AnsibleException">Ansible, the inventory or the playbook cannot be used.</exception>
    public async Task<BeginOutcome> BeginAsync(RunRequest request, CancellationToken cancellationToken)
    {
        var (checkpoint, by) = (request.Checkpoint, request.By);

        // The plan as it is now: a consent to what it was counts no more.
        var plan = await planner.PlanAsync(checkpoint, cancellationToken);
        if (!request.IsForced && await MissingAsync(checkpoint, plan, cancellationToken) is { IsEmpty: false } missing)
        {
            return new BeginOutcome.PrerequisitesMissing(missing);
        }

        var now = time.GetUtcNow();
        var begun = new Execution(request.Id, checkpoint.Name, plan.TargetSet, plan.Hash, by, now);
        Approval? consumed = null;
        if (checkpoint.RequiresApproval)
        {
            if (await desk.FindApprovedAsync(plan.Hash, cancellationToken) is not { } approved)
            {
                return new BeginOutcome.ApprovalRequired(plan);
            }

            if (!approved.Consume(plan.Hash, begun.Id, now).TryGet(out consumed, out _))
            {
                return new BeginOutcome.ApprovalRequired(plan);
            }

            begun = begun with { Approval = approved.Id };
        }

        var folder = stateFolder.RunOf(begun.Id);
        folder.Create();
        return await store.TryBeginAsync(begun, consumed, Event(begun, by, "execution.started"), cancellationToken) switch
        {
            null => new BeginOutcome.Begun(begun),
            BeginRefusal.AlreadyRunning => new BeginOutcome.AlreadyRunning(),
            _ => new BeginOutcome.ApprovalRequired(plan),
        };
    }

    /// <summary>Starts the run's process and follows it to its end; each line as it is printed, in the store before it is given.</summary>
    public async IAsyncEnumerable<OutputLine> FollowAsync(
        Execution begun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var process = Start(begun);
        if (!await store.TryUpdateAsync(begun.Begun(), what: null, cancellationToken))
        {
            throw new InvalidOperationException($"The run {begun.Id} was changed by somebody else.");
        }

        await foreach (var line in FollowAsync(begun.Begun(), () => process.HasExited, cancellationToken))
        {
            yield return line;
        }
    }

    /// <summary>Follows what was running when this process began: to its end when its process lives, else to what is known of it. A run
    /// whose process never began is interrupted, and will not begin.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var found in await store.ActiveExecutionsAsync(cancellationToken))
        {
            var folder = stateFolder.RunOf(found.Id);
            await foreach (var _ in FollowAsync(found, folder.IsOver, cancellationToken))
            {
                // The store has it.
            }
        }
    }

    /// <summary>Ends the run's processes, all of its group.</summary>
    /// <returns>False when it is over already.</returns>
    public async Task<bool> StopAsync(Guid execution, string by, CancellationToken cancellationToken)
    {
        if (await store.FindExecutionAsync(execution, cancellationToken) is not { IsActive: true } running)
        {
            return false;
        }

        var folder = stateFolder.RunOf(execution);
        folder.MarkStopped();
        if (folder.ProcessGroup() is not { } group)
        {
            return false;
        }

        await store.TryUpdateAsync(
            running with { Version = running.Version + 1 }, Event(running, by, "execution.stopped"), cancellationToken);
        using var kill = Process.Start(new ProcessStartInfo("kill", ["-TERM", "--", $"-{group}"]))!;
        await kill.WaitForExitAsync(cancellationToken);
        return true;
    }

    /// <summary>The earlier checkpoints that have not passed on all machines of a plan. What they ran on cannot change before the run is
    /// written down: a run of theirs would hold the machines.</summary>
    private async Task<ImmutableArray<string>> MissingAsync(
        Checkpoint checkpoint, RolloutPlan plan, CancellationToken cancellationToken)
    {
        var passed = (await store.RecordsAsync(cancellationToken))
            .Where(record => record.Status is RecordStatus.Passed or RecordStatus.Skipped)
            .Select(record => (record.Checkpoint, record.Node))
            .ToHashSet();
        return
        [
            .. CheckpointCatalog.All.Where(earlier => earlier.Number < checkpoint.Number)
                .Select(earlier => earlier.Name)
                .Where(earlier => !plan.Targets.Keys.All(node => passed.Contains((earlier, node)))),
        ];
    }

    private Process Start(Execution begun)
    {
        var playbook = planner.Settings.PlaybookOf(CheckpointCatalog.Find(begun.Checkpoint)!);
        var start = new ProcessStartInfo(
            "setsid",
            [
                "sh", planner.Settings.RunScript, stateFolder.RunOf(begun.Id).Path, planner.Settings.ProgramOf("ansible-playbook"),
                .. planner.Arguments(playbook, check: false),
            ]);
        foreach (var (name, value) in planner.Settings.Environment)
        {
            start.Environment[name] = value;
        }

        return AnsibleProgram.Start(start);
    }

    private async IAsyncEnumerable<OutputLine> FollowAsync(
        Execution running, Func<bool> isOver, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (folder, report, number) = (stateFolder.RunOf(running.Id), new RunReport(), 0L);
        if (Directory.Exists(folder.Path))
        {
            await foreach (var text in folder.FollowAsync(isOver, cancellationToken))
            {
                var happened = AnsibleEvent.Parse(text);
                if (happened is not null)
                {
                    report.Add(happened);
                }

                var line = new OutputLine(++number, happened is null ? text : happened.Shown() ?? "");
                await store.AppendOutputAsync(running.Id, [line], cancellationToken);
                yield return line;
            }
        }

        await EndAsync(running.Id, folder, report, cancellationToken);
    }

    private async Task EndAsync(Guid id, RunFolder folder, RunReport report, CancellationToken cancellationToken)
    {
        while (await store.FindExecutionAsync(id, cancellationToken) is { IsActive: true } running)
        {
            var (state, error) = folder switch
            {
                { IsStopped: true } => (ExecutionState.Cancelled, "it was stopped"),
                { ExitCode: 0 } => (ExecutionState.Completed, null),
                { ExitCode: { } code } => (ExecutionState.Failed, report.Failure ?? $"Ansible ended with {code}: {folder.Errors}"),
                _ => (ExecutionState.Interrupted, "its process ended by force, or never began; run it again"),
            };
            var now = time.GetUtcNow();
            var ended = running.Ended(state, error, now);

            // The records first: who sees that the run has ended finds them.
            var records = report.Records(ended, now);
            await store.WriteRecordsAsync(records, cancellationToken);
            if (await store.TryUpdateAsync(ended, Event(ended, ended.StartedBy, $"execution.{Word(state)}"), cancellationToken))
            {
                stateFolder.Write(records);
            }
        }
    }

    private static string Word(ExecutionState state) => state.ToString().ToLowerInvariant();

    private AuditEvent Event(Execution execution, string by, string action) => new(
        time.GetUtcNow(), by, action, execution.Id.ToString(),
        AuditEvent.DetailOf(("checkpoint", execution.Checkpoint), ("plan", execution.PlanHash), ("targets", execution.Targets)));
}
