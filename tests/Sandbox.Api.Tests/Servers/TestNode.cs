using Microsoft.Extensions.Hosting;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Servers;

/// <summary>Does the jobs of the real job store as a worker would, without any container: starts succeed, fail or wait as
/// the test says.</summary>
internal sealed class TestNode(ISandboxStore records, IJobStore jobs, IChangeFeed feed, SandboxTransitions transitions, TimeProvider time)
    : BackgroundService
{
    public const string HostName = "node-1";

    /// <summary>Starts go on when this completes.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Why starts fail; null: they do not.</summary>
    public string? Failure { get; set; }

    /// <summary>Why jobs become dead letters; null: they do not.</summary>
    public string? DeadLetterReason { get; set; }

    /// <summary>Completes when the first job became a dead letter.</summary>
    public Task DeadLettered => _deadLettered.Task;

    private readonly TaskCompletionSource _deadLettered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            using var change = feed.SubscribeAll();
            var claimed = await jobs.ClaimAsync(new JobClaim(HostName, 16, TimeSpan.FromMinutes(1)), stoppingToken);
            foreach (var job in claimed)
            {
                await DoAsync(job, stoppingToken);
            }

            if (claimed.Count == 0)
            {
                await change.Changed.WaitAsync(stoppingToken);
            }
        }
    }

    private async Task DoAsync(ClaimedJob claimed, CancellationToken cancellationToken)
    {
        if (DeadLetterReason is { } why)
        {
            await jobs.TryDeadLetterAsync(claimed, why, cancellationToken);
            _deadLettered.TrySetResult();
            return;
        }

        if (claimed.Job is StartSandboxJob or RestartSandboxJob)
        {
            await Gate.WaitAsync(cancellationToken);
            if (await records.FindAsync(claimed.Job.SandboxId, cancellationToken) is { State: SandboxState.Pending } pending)
            {
                await EndStartAsync(pending, cancellationToken);
            }
        }

        await jobs.TryCompleteAsync(claimed, cancellationToken);
    }

    private async Task EndStartAsync(SandboxInstance pending, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var decided = Failure is { } reason
            ? transitions.StartFailed(pending, SandboxPhase.ImagePull, PhaseStatus.Failed, reason, now)
            : SandboxTransitions.Alive(pending, now);
        Assert.True(decided.TryGet(out var transition, out _));
        var done = pending.Phases.ConvertAll(
            phase => phase with { Status = PhaseStatus.Success, Message = "done", StartedAt = now, CompletedAt = now });
        var next = Failure is null ? transition.Next with { HostName = HostName, HostIp = "10.0.0.1", Phases = done } : transition.Next;
        await records.TryTransitionAsync(new SandboxTransition(transition.From, next, transition.Job), cancellationToken);
    }
}
