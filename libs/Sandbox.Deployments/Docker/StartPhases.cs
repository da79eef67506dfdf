using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>Tells the phases of one start in their order, and blames a failure on the one that is under way.</summary>
internal sealed class StartPhases(SandboxInstance sandbox, IPhaseReporter reporter)
{
    private string _current = SandboxPhase.DockerRun;
    private bool _pulled;

    /// <summary>How far the pull is; from here on a failure is the image's.</summary>
    public Task PullingAsync(string line, CancellationToken cancellationToken)
    {
        _current = SandboxPhase.ImagePull;
        return reporter.ReportAsync(SandboxPhase.ImagePull, PhaseStatus.Running, line, cancellationToken);
    }

    public async Task PulledAsync(string message, CancellationToken cancellationToken)
    {
        (_current, _pulled) = (SandboxPhase.DockerRun, true);
        await reporter.ReportAsync(SandboxPhase.ImagePull, PhaseStatus.Success, message, cancellationToken);
    }

    /// <summary>The image is there; from here on it is the container's turn.</summary>
    public async Task RunningAsync(string image, string run, CancellationToken cancellationToken)
    {
        if (!_pulled)
        {
            await PulledAsync(image, cancellationToken);
        }

        await reporter.ReportAsync(SandboxPhase.DockerRun, PhaseStatus.Running, run, cancellationToken);
    }

    public async Task<SandboxError> ImageFailedAsync(string reason, CancellationToken cancellationToken)
    {
        _current = SandboxPhase.ImagePull;
        return await FailedAsync(reason, cancellationToken);
    }

    public async Task<SandboxError> FailedAsync(string reason, CancellationToken cancellationToken)
    {
        await reporter.ReportAsync(_current, PhaseStatus.Failed, reason, cancellationToken);
        return new SandboxError.StartFailed(sandbox.Id, _current, reason);
    }

    /// <summary>An engine that did not answer may answer the next attempt, so that is told apart.</summary>
    public async Task<SandboxError> FailedAsync(EngineException exception, CancellationToken cancellationToken)
    {
        var reason = reporter.Describe(
            exception.Unreachable ? "the container engine does not answer" : "the container engine refused it", exception);
        var error = await FailedAsync(reason, cancellationToken);
        return exception.Unreachable ? new SandboxError.DockerUnavailable(reason) : error;
    }
}
