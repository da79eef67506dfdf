using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Kubernetes.Objects;
using Sandbox.Kubernetes.Watching;
using Sandbox.Node.Deployments;

namespace Sandbox.Kubernetes;

/// <summary>Waits until a new pod runs, telling what it waits for, or until that can be called a failure: it ended, its image cannot be
/// pulled, or time is up. What was last known is then the reason.</summary>
internal sealed class PodStart(
    SandboxInstance sandbox, PodSource? source, ClusterView view, IPhaseReporter phases, KubernetesOptions options, TimeProvider time)
{
    /// <summary>Before the record's own deadline, so that the reason is told and not only that time is up.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);

    private long? _pullFailsSince;
    private bool _pulled;
    private bool _seen;
    private string _phase = SandboxPhase.DockerRun;
    private string _reason = "its pod does not appear";

    /// <summary>Null when it runs.</summary>
    public async Task<SandboxError?> WaitAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(TimeLeft(), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await LookUntilAsync(either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return await FailAsync($"not ready in time: {_reason}", cancellationToken);
        }
    }

    private async Task<SandboxError?> LookUntilAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = view.ChangeOf(sandbox.Incarnation);
            var facts = view.Find(sandbox.Incarnation);
            if (await JudgeAsync(facts, cancellationToken) is { } result)
            {
                return result.Failure;
            }

            await AwaitAsync(change, cancellationToken);
        }
    }

    private async Task<PodStartResult?> JudgeAsync(SandboxFacts? facts, CancellationToken cancellationToken)
    {
        var end = SandboxFacts.EndOf(facts, options);
        _seen |= options.IsPodMode ? facts?.Pod is not null : facts?.Batch is not null;
        if (!_seen)
        {
            // Made, but the watch has not told of it yet; another watch may have told of its pod.
            return null;
        }

        if (end is not null)
        {
            return new PodStartResult(await FailAsync($"it ended before its agent answered: {end}", cancellationToken));
        }

        return facts!.Batch?.Pool is null
            ? await JudgePodAsync(facts.Pod?.Facts, cancellationToken) : await JudgePooledAsync(facts, cancellationToken);
    }

    private async Task<PodStartResult?> JudgePooledAsync(SandboxFacts facts, CancellationToken cancellationToken)
    {
        if (facts.Batch!.Endpoints.Count > 0)
        {
            await RunsAsync(cancellationToken);
            return new PodStartResult(null);
        }

        await TellAsync(SandboxPhase.DockerRun, $"waiting for a pod of pool {facts.Batch.Pool}", cancellationToken);
        return null;
    }

    private async Task<PodStartResult?> JudgePodAsync(PodFacts? pod, CancellationToken cancellationToken)
    {
        if (pod is null)
        {
            await TellAsync(SandboxPhase.DockerRun, "its batch sandbox has no pod yet", cancellationToken);
            return null;
        }

        if (pod.Stage is PodStage.Running)
        {
            await RunsAsync(cancellationToken);
            return new PodStartResult(null);
        }

        await TellAsync(pod.Phase, pod.Reason, cancellationToken);
        _pullFailsSince = pod.PullFails ? _pullFailsSince ?? time.GetTimestamp() : null;
        return pod.Hopeless || PatienceLeft() <= TimeSpan.Zero ? new PodStartResult(await FailAsync(pod.Reason, cancellationToken)) : null;
    }

    private TimeSpan? PatienceLeft() => _pullFailsSince is { } since ? options.PullPatience - time.GetElapsedTime(since) : null;

    /// <summary>Until something changes, or patience with a failing pull ends.</summary>
    private async Task AwaitAsync(Task change, CancellationToken cancellationToken)
    {
        if (PatienceLeft() is not { } left)
        {
            await change.WaitAsync(cancellationToken);
            return;
        }

        using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(change, Task.Delay(left, time, waited.Token));
        await waited.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task RunsAsync(CancellationToken cancellationToken)
    {
        if (!_pulled)
        {
            _pulled = true;

            // Kept in the record, where callers see it: the choice was made here, and their request need not have named it.
            var origin = source is null ? "" : $", in a pod of {source}";
            await phases.ReportAsync(SandboxPhase.ImagePull, PhaseStatus.Success, $"the image is there{origin}", cancellationToken);
        }

        await phases.ReportAsync(SandboxPhase.DockerRun, PhaseStatus.Running, "waiting for the agent", cancellationToken);
    }

    private async Task TellAsync(string phase, string reason, CancellationToken cancellationToken)
    {
        if ((phase, reason) != (_phase, _reason))
        {
            (_phase, _reason) = (phase, reason);
            await phases.ReportAsync(phase, PhaseStatus.Running, reason, cancellationToken);
        }
    }

    private async Task<SandboxError> FailAsync(string reason, CancellationToken cancellationToken)
    {
        await phases.ReportAsync(_phase, PhaseStatus.Failed, reason, cancellationToken);
        return new SandboxError.StartFailed(sandbox.Id, _phase, reason);
    }

    private TimeSpan TimeLeft()
    {
        var left = (sandbox.TransientDeadline ?? time.GetUtcNow() + sandbox.Spec.StartupTimeout) - time.GetUtcNow() - Margin;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <param name="Failure">Null: it runs.</param>
    private sealed record PodStartResult(SandboxError? Failure);
}
