using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;

namespace Sandbox.Worker.Tests.Fairness;

/// <summary>A deployment that starts nothing: each start goes on until the test ends it, and then fails.</summary>
internal sealed class HeldStarts : IDeployment
{
    private readonly ConcurrentDictionary<SandboxId, Start> _held = new();
    private int _begun;

    public DeploymentKind Kind => DeploymentKind.Local;

    /// <summary>How many starts were begun so far.</summary>
    public int Begun => Volatile.Read(ref _begun);

    /// <summary>Those that go on now.</summary>
    public IReadOnlyList<Start> Held => [.. _held.Values];

    public async Task<Result<StartedSandbox>> EnsureStartedAsync(
        StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        var start = new Start(order.Sandbox);
        _held[order.Sandbox.Id] = start;
        Interlocked.Increment(ref _begun);
        await start.Ended.Task.WaitAsync(cancellationToken);
        _held.TryRemove(order.Sandbox.Id, out _);
        return new SandboxError.StartFailed(order.Sandbox.Id, SandboxPhase.DockerRun, "the test has ended it");
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

    public Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<FoundSandbox>>([]);

    public void AddHook(IDeploymentHook hook)
    {
    }

    internal sealed record Start(SandboxInstance Sandbox)
    {
        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
