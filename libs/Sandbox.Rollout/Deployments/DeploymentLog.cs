using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Runs;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Deployments;

/// <summary>Writes what becomes of deployments: into the history, into the audit log, and for other tools into the state folder. At the
/// begin of a whole rollout it keeps the playbooks and the inventory.</summary>
/// <param name="settings">As they are configured.</param>
public sealed class DeploymentLog(
    IDeploymentStore store, IRolloutStore rollouts, BundleFolder bundles, StateFolder state, AnsibleSettings settings, TimeProvider time)
{
    /// <summary>More than a rollout at a terminal begins.</summary>
    private const int MostRuns = 200;

    /// <summary>Writes down that a deployment begins.</summary>
    public async Task<Deployment> BeginAsync(Deployment begun, CancellationToken cancellationToken)
    {
        if (begun.IsAttended)
        {
            // Two do not run at once.
            await EndLeftAsync(cancellationToken);
        }

        var kept = WithBundle(begun);
        return await store.TryWriteAsync(kept, Event(kept, "deployment.started"), cancellationToken)
            ? kept
            : throw new InvalidOperationException($"There is a deployment {begun.Id} already.");
    }

    /// <summary>The same deployment with its files kept, where it is a whole rollout; files that cannot be kept only make a rollback to it
    /// impossible.</summary>
    public Deployment WithBundle(Deployment begun)
    {
        if (!begun.IsWhole || begun.Bundle is not null)
        {
            return begun;
        }

        try
        {
            return begun with { Bundle = bundles.Keep(settings) };
        }
        catch (Exception exception) when (exception is AnsibleException or IOException or UnauthorizedAccessException)
        {
            return begun;
        }
    }

    /// <summary>Ends the deployments that a command left without an end, as their runs left them.</summary>
    public async Task EndLeftAsync(CancellationToken cancellationToken)
    {
        // One whose run has not ended may have its command yet.
        var running = await rollouts.ActiveExecutionsAsync(cancellationToken);
        var attended = (await store.ActiveAsync(cancellationToken)).Where(active => active.IsAttended);
        foreach (var left in attended.Where(active => !running.Any(run => run.StartedAt >= active.StartedAt)))
        {
            await EndAsync(left, "its command was killed", cancellationToken);
        }
    }

    /// <summary>Ends an attended deployment as its runs left it.</summary>
    /// <param name="error">Why it ended before it was over; null: it did not.</param>
    public async Task EndAsync(Deployment attended, string? error, CancellationToken cancellationToken)
    {
        var query = new ExecutionQuery { Since = attended.StartedAt, Limit = MostRuns };
        var runs = (await rollouts.ExecutionsAsync(query, cancellationToken)).Executions;
        await TryWriteAsync(attended.After(runs, error), cancellationToken);
    }

    /// <summary>Writes a deployment's next version, and its end where it has one.</summary>
    /// <returns>The deployment as it was written; null: it has changed meanwhile, and nothing was written.</returns>
    public async Task<Deployment?> TryWriteAsync(Deployment next, CancellationToken cancellationToken)
    {
        if (next.IsActive)
        {
            return await store.TryWriteAsync(next, what: null, cancellationToken) ? next : null;
        }

        var ended = next with { EndedAt = time.GetUtcNow(), BusyUntil = null };

        // What was edited while it ran is no one thing to go back to.
        if (ended is { Bundle: { } bundle, RollbackOf: null } && !IsStill(bundle))
        {
            ended = ended with { Bundle = null };
        }

        if (!await store.TryWriteAsync(ended, Event(ended, $"deployment.{ended.State.ToString().ToLowerInvariant()}"), cancellationToken))
        {
            return null;
        }

        // What a terminal attends writes them itself.
        if (ended is { IsWhole: true, IsAttended: false })
        {
            WriteFile(ended);
        }

        return ended;
    }

    internal static AuditEvent EventOf(Deployment deployment, string by, string action, DateTimeOffset at) => new(
        at, by, action, deployment.Id.ToString(),
        AuditEvent.DetailOf(
        [
            ("checkpoints", string.Join(',', deployment.Steps.Where(step => step.State is not StepState.Skipped)
                .Select(step => step.Checkpoint))),
            .. deployment.Steps.Where(step => step.State is StepState.Failed).Select(step => ("failed", step.Checkpoint)),
            .. deployment.RollbackOf is { } earlier ? [("rollback_of", earlier.ToString())] : Array.Empty<(string, string)>(),
            .. deployment.Schedule is { } schedule ? [("schedule", schedule.ToString())] : Array.Empty<(string, string)>(),
        ]));

    private AuditEvent Event(Deployment deployment, string action) =>
        EventOf(deployment, deployment.StartedBy, action, time.GetUtcNow());

    private bool IsStill(string bundle)
    {
        try
        {
            return BundleFolder.IsStill(bundle, settings);
        }
        catch (Exception exception) when (exception is AnsibleException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void WriteFile(Deployment ended)
    {
        var at = time.GetUtcNow();
        if (ended.State is DeploymentState.Completed)
        {
            state.WriteComplete(ended.Completed, ended.Skipped, isAutoApproved: false, at);
        }
        else if (ended.Steps.FirstOrDefault(step => step.State is StepState.Failed) is { } failed)
        {
            state.WriteFailure(failed.Checkpoint, failed.Error ?? "", ended.Completed, ended.Skipped, at);
        }
    }
}
