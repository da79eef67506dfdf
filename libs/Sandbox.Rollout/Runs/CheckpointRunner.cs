using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Runs;

/// <summary>
/// Runs a checkpoint: admission, process, records. What it has begun is in the store before the process begins, and the process
/// outlives this one, so that after a crash <see cref="ResumeAsync"/> finds it again or knows that it did not begin.
/// </summary>
/// <param name="stateFolder">Where runs have their folders; for its owner alone.</param>
public sealed class CheckpointRunner(
    IRolloutStore store, Planner planner, ApprovalDesk desk, StateFolder stateFolder, TimeProvider time)
{
    /// <summary>So long nothing is heard of a host before it is said so.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromMinutes(2);

    /// <summary>From the moment that a run's processes are told to end until they are killed.</summary>
    public TimeSpan StopPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="BeginAsync(RunRequest, CancellationToken)"/>
    public Task<BeginOutcome> BeginAsync(Checkpoint checkpoint, string by, CancellationToken cancellationToken) =>
        BeginAsync(new RunRequest(checkpoint, by), cancellationToken);

    /// <summary>Begins a run. Follow it with <see cref="FollowAsync(Execution, CancellationToken)"/>.</summary>
    /// <exception cref="AnsibleException">Ansible, the inventory or the playbook cannot be used.</exception>
    public Task<BeginOutcome> BeginAsync(RunRequest request, CancellationToken cancellationToken) =>
        new RunAdmission(store, planner, desk, stateFolder, time).BeginAsync(request, cancellationToken);

    /// <summary>Starts the run's process and follows it to its end; each line is in the store before it is given.</summary>
    /// <exception cref="AnsibleException">The process cannot be started.</exception>
    public async IAsyncEnumerable<OutputLine> FollowAsync(
        Execution begun, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var folder = stateFolder.RunOf(begun.Id);
        using var process = Start(begun);
        await folder.WaitForStartAsync(process, cancellationToken);

        // Somebody may have asked it to stop meanwhile.
        await ChangeAsync(begun.Id, static found => found.Begun(), what: null, cancellationToken);

        // Not asked by the lock as long as the process may be about to take it.
        await foreach (var line in FollowAsync(
            begun, () => folder.Exit is not null || (process.HasExited && folder.IsOver()), cancellationToken))
        {
            yield return line;
        }
    }

    /// <summary>Follows a run that some process began: to its end when its process lives, else to what is known of it. A run whose
    /// process never began is interrupted, and will not begin.</summary>
    public async Task FollowAgainAsync(Execution found, CancellationToken cancellationToken)
    {
        var folder = stateFolder.RunOf(found.Id);
        if (!folder.IsOver() && found is { State: ExecutionState.Started } or { Error: not null })
        {
            await ChangeAsync(found.Id, static active => active.Begun(), what: null, cancellationToken);
        }

        await foreach (var _ in FollowAsync(found, folder.IsOver, cancellationToken))
        {
            // The store has it.
        }
    }

    /// <summary>Follows all runs of this state folder that have not ended.</summary>
    public async Task ResumeAsync(CancellationToken cancellationToken)
    {
        foreach (var found in (await store.ActiveExecutionsAsync(cancellationToken)).Where(IsOurs))
        {
            await FollowAgainAsync(found, cancellationToken);
        }
    }

    /// <summary>Asks a run to stop. One of this state folder has ended, with all of its processes, when this returns; one of another is
    /// ended by the program that works on that folder, or given up when nothing was heard of it for long.</summary>
    /// <returns>False when it is over already.</returns>
    public async Task<bool> StopAsync(Guid execution, string by, CancellationToken cancellationToken)
    {
        if (await store.FindExecutionAsync(execution, cancellationToken) is not { IsActive: true } running)
        {
            return false;
        }

        // A run that is just over came to an end of its own, which may not be written down yet.
        var folder = stateFolder.RunOf(execution);
        if (IsOurs(running) && folder.IsOver() && folder.ProcessGroup is not null)
        {
            await FollowAgainAsync(running, cancellationToken);
            return false;
        }

        var what = RunEvents.Of(running, by, "execution.stopped", time.GetUtcNow());
        if (await ChangeAsync(execution, found => found.StopRequested(by), what, cancellationToken) is not { } asked)
        {
            return false;
        }

        if (IsOurs(running))
        {
            await EndProcessesAsync(execution, cancellationToken);
            await FollowAgainAsync(asked, cancellationToken);
        }
        else if (await IsSilentAsync(running, cancellationToken))
        {
            await EndAsync(execution, folder, new RunReport(), cancellationToken);
        }

        return true;
    }

    /// <summary>Ends the processes of a run of this state folder.</summary>
    public async Task EndProcessesAsync(Guid execution, CancellationToken cancellationToken)
    {
        var folder = stateFolder.RunOf(execution);
        if (!folder.IsOver() && folder.ProcessGroup is { } group)
        {
            await RunProcesses.EndAsync(execution, group, StopPatience, cancellationToken);
        }
    }

    /// <summary>Ends the processes of runs of this state folder that are over in the store: while this folder's programs were away,
    /// somebody gave them up.</summary>
    public async Task EndGivenUpAsync(CancellationToken cancellationToken)
    {
        foreach (var run in stateFolder.RunsWithoutExit())
        {
            await EndIfGivenUpAsync(run, cancellationToken);
        }
    }

    /// <inheritdoc cref="EndGivenUpAsync"/>
    public async Task EndIfGivenUpAsync(Guid execution, CancellationToken cancellationToken)
    {
        if (await store.FindExecutionAsync(execution, cancellationToken) is { IsActive: false })
        {
            await EndProcessesAsync(execution, cancellationToken);
        }
    }

    /// <summary>Whether its process is one of this state folder.</summary>
    public bool IsOurs(Execution execution) => execution.Host is null || execution.Host == stateFolder.Host;

    /// <summary>Says in the row of a run of another state folder that nothing is heard of that one. The run goes on to hold its machines:
    /// its process may live.</summary>
    public async Task NoteSilenceAsync(Execution running, CancellationToken cancellationToken)
    {
        if (running.Error is null && await IsSilentAsync(running, cancellationToken))
        {
            await store.TryUpdateAsync(running.Silent(), what: null, cancellationToken);
        }
    }

    private async Task<bool> IsSilentAsync(Execution running, CancellationToken cancellationToken) =>
        !(await store.HostsAsync(cancellationToken)).TryGetValue(running.Host!, out var seenAt)
        || time.GetUtcNow() - seenAt >= SilentAfter;

    /// <summary>Writes a change over whatever version there is; null when the run is over.</summary>
    private async Task<Execution?> ChangeAsync(
        Guid id, Func<Execution, Execution> change, AuditEvent? what, CancellationToken cancellationToken)
    {
        while (await store.FindExecutionAsync(id, cancellationToken) is { IsActive: true } found)
        {
            var next = change(found);
            if (await store.TryUpdateAsync(next, what, cancellationToken))
            {
                return next;
            }
        }

        return null;
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

        start.Environment[RunProcesses.Variable] = begun.Id.ToString("D");
        return AnsibleProgram.Start(start);
    }

    private async IAsyncEnumerable<OutputLine> FollowAsync(
        Execution running, Func<bool> isOver, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (folder, report, number) = (stateFolder.RunOf(running.Id), new RunReport(), 0L);
        if (Directory.Exists(folder.Path))
        {
            await foreach (var texts in folder.FollowAsync(isOver, cancellationToken))
            {
                var lines = new List<OutputLine>(texts.Count);
                foreach (var text in texts)
                {
                    var happened = AnsibleEvent.Parse(text);
                    if (happened is not null)
                    {
                        report.Add(happened);
                    }

                    lines.Add(new OutputLine(++number, happened is null ? text : happened.Shown() ?? ""));
                }

                await store.AppendOutputAsync(running.Id, lines, cancellationToken);
                foreach (var line in lines)
                {
                    yield return line;
                }
            }
        }

        await EndAsync(running.Id, folder, report, cancellationToken);
    }

    private async Task EndAsync(Guid id, RunFolder folder, RunReport report, CancellationToken cancellationToken)
    {
        while (await store.FindExecutionAsync(id, cancellationToken) is { IsActive: true } running)
        {
            var now = time.GetUtcNow();
            var (state, error) = OutcomeOf(running, folder, report);
            var ended = running.Ended(state, error, now);
            var records = report.Records(ended, now);

            // The files first: a process that is killed in between leaves both to the next.
            stateFolder.Write(records);
            var what = RunEvents.Of(ended, ended.StartedBy, $"execution.{state.ToString().ToLowerInvariant()}", now);
            if (await store.TryEndAsync(ended, records, what, cancellationToken))
            {
                return;
            }
        }
    }

    private (ExecutionState State, string? Error) OutcomeOf(Execution running, RunFolder folder, RunReport report) =>
        (folder.Exit, running.StopRequestedBy) switch
        {
            (null, not null) when !IsOurs(running) =>
                (ExecutionState.Interrupted, $"{running.StopRequestedBy} gave it up: nothing was heard of its host {running.Host}"),
            ({ Code: 0 }, _) => (ExecutionState.Completed, null),
            (null or { WasStopped: true }, { } by) => (ExecutionState.Cancelled, $"{by} stopped it"),
            (null or { WasStopped: true }, null) =>
                (ExecutionState.Interrupted, "its process was ended from outside, or never began; run it again"),
            ({ Code: var code }, _) => (ExecutionState.Failed, report.Failure ?? $"Ansible ended with {code}: {folder.Errors}"),
        };
}
