using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Storage;

namespace Sandbox.Node.Reconciliation;

/// <summary>Says of a sandbox that should run and does not that it is lost, and why.</summary>
internal sealed partial class LostSandboxes(
    ISandboxStore store, SandboxTransitions transitions, AgentGateway gateway, KeyedLock<IncarnationId> locks, EngineOutage outage,
    NodeIdentity node,
    TimeProvider time, ILogger<LostSandboxes> logger)
{
    /// <param name="expected">The record as it was read before the deployment was asked: only if it is still the same has
    /// its container been wanted all the time in between.</param>
    /// <param name="found">What the deployment knows of it; null: nothing.</param>
    public async Task JudgeAsync(SandboxInstance expected, FoundSandbox? found, CancellationToken cancellationToken)
    {
        using var held = locks.TryEnter(expected.Incarnation);
        if (held is null)
        {
            return;
        }

        var record = await store.FindAsync(expected.Id, cancellationToken);
        if (record is not { State: SandboxState.Running } || record.Version != expected.Version
            || record.Incarnation != expected.Incarnation)
        {
            return;
        }

        if (!node.Has(record))
        {
            // It runs elsewhere: this node had begun to start it, too, and remembers it wrongly.
            gateway.Dismiss(record.Id, record.Incarnation);
            return;
        }

        var reason = found is null ? "it was removed" : outage.Explain(record, found.ExitReason ?? "it does not run any more");
        if (transitions.Lost(record, reason, time.GetUtcNow()).TryGet(out var transition, out _)
            && await store.TryTransitionAsync(transition, cancellationToken))
        {
            gateway.Dismiss(record.Id, record.Incarnation);

            // An engine that goes away ends containers; it removes none.
            if (found is not null)
            {
                await outage.RememberAsync(transition.Next, cancellationToken);
            }

            Log.Lost(logger, record.Id, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4211, LogLevel.Warning, "Sandbox {SandboxId} is lost: {Reason}")]
        public static partial void Lost(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);
    }
}
