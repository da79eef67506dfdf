using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Reconciliation;

/// <summary>Writes into the record of a sandbox of this node that it is lost, and why.</summary>
internal sealed partial class LossRecorder(
    ISandboxStore store, SandboxTransitions transitions, AgentGateway gateway, EngineOutage outage, TimeProvider time,
    ILogger<LossRecorder> logger)
{
    /// <param name="found">What the deployment knows of it; null: nothing.</param>
    public async Task RecordAsync(SandboxInstance running, FoundSandbox? found, CancellationToken cancellationToken)
    {
        var reason = found is null ? "it was removed" : outage.Explain(running, found.ExitReason ?? "it does not run any more");
        if (!transitions.Lost(running, reason, time.GetUtcNow()).TryGet(out var transition, out _)
            || !await store.TryTransitionAsync(transition, cancellationToken))
        {
            return;
        }

        gateway.Unregister(running.Id, running.Incarnation);

        // An engine that goes away ends containers; it removes none.
        if (found is not null)
        {
            await outage.RememberAsync(transition.Next, cancellationToken);
        }

        Log.Lost(logger, running.Id, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(4211, LogLevel.Warning, "Sandbox {SandboxId} is lost: {Reason}")]
        public static partial void Lost(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);
    }
}
