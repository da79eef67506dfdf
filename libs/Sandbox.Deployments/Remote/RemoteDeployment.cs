using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Remote;

/// <summary>An agent that already runs elsewhere. It is neither started nor ended from here: a start looks whether it is
/// there, a stop only lets go of it.</summary>
internal sealed class RemoteDeployment(AgentLinks links, ILogger<RemoteDeployment> logger) : IDeployment
{
    private readonly DeploymentHooks _hooks = new(logger);

    public DeploymentKind Kind => DeploymentKind.Remote;

    public void AddHook(IDeploymentHook hook) => _hooks.Add(hook);

    public Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken) => Task.FromResult<SandboxError?>(null);

    public async Task<Result<StartedSandbox>> EnsureStartedAsync(
        StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        await phases.ReportAsync(
            SandboxPhase.ImagePull, PhaseStatus.Success, "the image is not used: the agent runs elsewhere", cancellationToken);
        return await ProbeAsync(order.Sandbox, phases, cancellationToken);
    }

    public Task<Result<StartedSandbox>> EnsureRestartedAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken) =>
        ProbeAsync(sandbox, phases, cancellationToken);

    /// <summary>Nothing from here can end it, so nothing is heard of its end.</summary>
    public async Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var never = new TaskCompletionSource<string>();
        return await never.Task.WaitAsync(cancellationToken);
    }

    public Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<FoundSandbox>>([]);

    private async Task<Result<StartedSandbox>> ProbeAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        if (sandbox.Spec.Remote is not { } remote)
        {
            return new SandboxError.BadSpec("remote", "host and port of the agent are missing");
        }

        if (DialingTransport.AddressOf(remote).Scheme != Uri.UriSchemeHttp)
        {
            return new SandboxError.StartFailed(
                sandbox.Id, SandboxPhase.DockerRun, "an agent speaks plain http only; put what ends TLS in front of both sides");
        }

        await phases.ReportAsync(
            SandboxPhase.DockerRun, PhaseStatus.Running, $"asking the agent on {remote.Host}:{remote.Port}", cancellationToken);
        await _hooks.StepAsync(sandbox, "starting", cancellationToken);
        var answer = await links.Ensure(sandbox).StatusAsync(cancellationToken);
        return answer.TryGet(out _, out var error)
            ? new StartedSandbox(EffectiveDiskBytes: null)
            : new SandboxError.StartFailed(sandbox.Id, SandboxPhase.DockerRun, error.Text);
    }
}
