using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;

namespace Sandbox.Worker.Tests.Jobs;

/// <summary>A deployment that has every image but <see cref="Far"/>, whose pull never ends by itself. Nothing runs in it: a start with an
/// image that is present fails at once.</summary>
internal sealed class PullingDeployment : IDeployment
{
    public const string Far = "far";

    /// <summary>What a start with an image that is present ends with.</summary>
    public const string Present = "its image is present, and nothing runs here";

    private readonly ConcurrentDictionary<IncarnationId, bool> _gone = new();
    private int _asked;
    private int _pulling;

    public DeploymentKind Kind => DeploymentKind.Local;

    /// <summary>Starts that want to pull now, or do.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Pulls that go on now.</summary>
    public int Pulling => Volatile.Read(ref _pulling);

    public bool IsGone(IncarnationId incarnation) => _gone.ContainsKey(incarnation);

    public async Task<Result<StartedSandbox>> EnsureStartedAsync(
        StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        if (order.Sandbox.Spec.Image == Far)
        {
            await PullAsync(order, cancellationToken);
        }

        return new SandboxError.StartFailed(order.Sandbox.Id, SandboxPhase.DockerRun, Present);
    }

    public Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken) => Task.FromResult<SandboxError?>(null);

    public Task<Result<StartedSandbox>> EnsureRestartedAsync(
        SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken) =>
        EnsureStartedAsync(new StartOrder(sandbox, null), phases, cancellationToken);

    public async Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return "";
    }

    public Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        _gone[incarnation] = true;
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<FoundSandbox>>([]);

    public void AddHook(IDeploymentHook hook)
    {
    }

    private async Task PullAsync(StartOrder order, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        try
        {
            await order.BeforePull(cancellationToken);
            Interlocked.Increment(ref _pulling);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }
            finally
            {
                Interlocked.Decrement(ref _pulling);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _asked);
        }
    }
}
