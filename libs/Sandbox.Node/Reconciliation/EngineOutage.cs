using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Reconciliation;

/// <summary>
/// Tells of a sandbox that it was lost with the engine. An engine that keeps no containers over its restart ends them one by one and
/// says no more of that than an exit code: some are judged while it still answers, and their reason is put right when it does not
/// any more; the others when it is back.
/// </summary>
internal sealed class EngineOutage(ISandboxStore store, TimeProvider time) : IContainerWatch
{
    /// <summary>How long an engine takes to end its containers before it ends itself.</summary>
    private static readonly TimeSpan GoingDown = TimeSpan.FromSeconds(15);

    /// <summary>What is found ended in the first looks after its return ended with it.</summary>
    private static readonly TimeSpan FirstLooks = TimeSpan.FromSeconds(5);

    private readonly Lock _guard = new();
    private readonly Queue<(SandboxInstance Record, long At)> _lost = [];
    private bool _answered, _away;
    private long? _backAt;

    /// <summary>The reason, with the engine's part in it as far as it is known by now.</summary>
    public string Explain(SandboxInstance record, string reason)
    {
        lock (_guard)
        {
            return IsRestarting && record.Spec.Deployment is DeploymentKind.Docker ? With(reason) : reason;
        }
    }

    /// <summary>Remembers one that was called lost, in case that the engine goes away behind it; if it has gone while that was
    /// being written, the reason is put right at once.</summary>
    public async Task RememberAsync(SandboxInstance lost, CancellationToken cancellationToken)
    {
        if (lost.Spec.Deployment is DeploymentKind.Docker && !TryEnqueue(lost))
        {
            await UpdateReasonAsync(lost, cancellationToken);
        }
    }

    public async Task EngineLostAsync(string reason, CancellationToken cancellationToken)
    {
        List<SandboxInstance> justLost;
        lock (_guard)
        {
            _away = _answered;
            justLost = [.. _lost.Where(one => time.GetElapsedTime(one.At) <= GoingDown).Select(one => one.Record)];
            _lost.Clear();
        }

        foreach (var record in justLost)
        {
            await UpdateReasonAsync(record, cancellationToken);
        }
    }

    public Task EngineBackAsync(CancellationToken cancellationToken)
    {
        lock (_guard)
        {
            _backAt = _away ? time.GetTimestamp() : _backAt;
            (_answered, _away) = (true, false);
        }

        return Task.CompletedTask;
    }

    public Task ContainerEndedAsync(IncarnationId incarnation, SandboxId sandbox, string reason, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    public Task ContainerRemovedAsync(IncarnationId incarnation, SandboxId sandbox, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    /// <summary>A look may be answered before this is told that the engine is back. Read under the guard.</summary>
    private bool IsRestarting => _away || (_backAt is { } back && time.GetElapsedTime(back) < FirstLooks);

    private bool TryEnqueue(SandboxInstance lost)
    {
        lock (_guard)
        {
            if (IsRestarting)
            {
                return false;
            }

            while (_lost.TryPeek(out var oldest) && time.GetElapsedTime(oldest.At) > GoingDown)
            {
                _lost.Dequeue();
            }

            _lost.Enqueue((lost, time.GetTimestamp()));
            return true;
        }
    }

    private async Task UpdateReasonAsync(SandboxInstance lost, CancellationToken cancellationToken)
    {
        if (lost.Reason?.StartsWith(With(""), StringComparison.Ordinal) is false)
        {
            await store.TryUpdateFactsAsync(lost with { Reason = With(lost.Reason) }, cancellationToken);
        }
    }

    private static string With(string reason) => $"it ended with the engine, which was restarted: {reason}";
}
