using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>One attempt to get from pending to running (or to a failure that the record tells), for a start and a restart alike. A
/// failure is written only while the job is still claimed, for another node that has begun it since may succeed; that it runs is
/// true no matter which of them says so first.</summary>
internal sealed class StartAttempt(
    ISandboxStore store, IChangeFeed feed, AgentLinks links, NodeIdentity node, StartRecorder recorder, FailureReporter failures,
    TimeProvider time)
{
    public async Task<StartOutcome> RunAsync(
        SandboxInstance pending, DeploymentSet deployments, BringUp bringUp, ClaimedJob claim, CancellationToken cancellationToken)
    {
        using var reporter = new PhaseReporter(pending, store, failures, time);
        await using var watch = new RecordWatch(pending, store, feed, time);
        var until = pending.TransientDeadline ?? time.GetUtcNow() + pending.Spec.StartupTimeout;
        using var deadline = new CancellationTokenSource(TimeLeft(until), time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Moved, deadline.Token);
        Result<StartedSandbox> brought;
        try
        {
            brought = (WhyIncomplete(pending) ?? deployments.WhyForbidden(pending.Spec)) is { } refusal
                ? refusal
                : await BringUpAsync(reporter, deployments, bringUp, any.Token);
        }
        catch (OperationCanceledException) when (watch.Moved.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return StartOutcome.Unwanted;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return await recorder.TimedOutAsync(reporter.Record, until, claim, cancellationToken);
        }

        return brought.TryGet(out var started, out var error)
            ? await recorder.AliveAsync(pending, reporter.Record, started.Confinement, cancellationToken)
            : await recorder.FailedAsync(reporter.Record, error, claim, cancellationToken);
    }

    private static SandboxError.StartFailed? WhyIncomplete(SandboxInstance pending) => pending.Spec.HasEncryptedEnv
        ? new(pending.Id, PhaseReporter.PhaseOf(pending), "its environment was encrypted under a secret that this node does not have")
        : null;

    private TimeSpan TimeLeft(DateTimeOffset until)
    {
        var left = until - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task<Result<StartedSandbox>> BringUpAsync(
        PhaseReporter reporter, DeploymentSet deployments, BringUp bringUp, CancellationToken cancellationToken)
    {
        // Telling where it starts costs a write, and nothing needs the answer before the container is there: side by side.
        var telling = reporter.UpdateFactsAsync(record => record with { HostName = node.Name, HostIp = node.Address }, cancellationToken);
        var pending = reporter.Record;

        // Before the container starts: its agent dials at once.
        var link = links.Ensure(pending);
        Result<StartedSandbox> brought;
        try
        {
            brought = await AskDeploymentAsync(pending, bringUp, reporter, cancellationToken);
        }
        finally
        {
            await telling;
        }

        if (!brought.TryGet(out var started, out var error))
        {
            return error;
        }

        reporter.Remember(
            record => record with
            {
                EffectiveDiskBytes = started.EffectiveDiskBytes,
                EffectiveLogBytes = started.EffectiveLogBytes,
                EffectiveNetwork = started.EffectiveNetwork,
            });

        // Nothing of a caller's runs before the agent is told to.
        var problem = deployments.WhyForbidden(started) ?? await Readiness.AwaitAgentAsync(
            pending, link, token => deployments[pending.Spec.Deployment].WhenEndedAsync(pending.Incarnation, token), time,
            cancellationToken);
        return problem is not null ? problem : started;
    }

    private static async Task<Result<StartedSandbox>> AskDeploymentAsync(
        SandboxInstance pending, BringUp bringUp, PhaseReporter reporter, CancellationToken cancellationToken)
    {
        try
        {
            return await bringUp(pending, reporter, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A start is reported, not repeated: the caller that asked decides whether to try again.
            var reason = reporter.Describe("it could not be started", exception);
            return new SandboxError.StartFailed(pending.Id, reporter.CurrentPhase, reason);
        }
    }
}
