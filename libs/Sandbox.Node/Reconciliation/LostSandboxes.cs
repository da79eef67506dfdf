using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Storage;

namespace Sandbox.Node.Reconciliation;

/// <summary>Judges whether a sandbox that should run and does not is lost: not while a job works on it, nor when its record has moved
/// on.</summary>
internal sealed class LostSandboxes(
    ISandboxStore store, KeyedLock<IncarnationId> locks, NodeIdentity node, AgentGateway gateway, LossRecorder recorder)
{
    /// <param name="expected">The record as it was read before the deployment was asked: only if it is still the same has
    /// its container been wanted all the time in between.</param>
    /// <param name="found">What the deployment knows of it; null: nothing.</param>
    /// <returns>False: a job works on it, so it was not judged.</returns>
    public async Task<bool> JudgeAsync(SandboxInstance expected, FoundSandbox? found, CancellationToken cancellationToken)
    {
        using var held = locks.TryEnter(expected.Incarnation);
        if (held is null)
        {
            return false;
        }

        var record = await store.FindAsync(expected.Id, cancellationToken);
        if (record is not { State: SandboxState.Running } || record.Version != expected.Version
            || record.Incarnation != expected.Incarnation)
        {
            return true;
        }

        if (!node.Has(record))
        {
            // It runs elsewhere: this node had begun to start it, too, and remembers it wrongly.
            gateway.Unregister(record.Id, record.Incarnation);
            return true;
        }

        await recorder.RecordAsync(record, found, cancellationToken);
        return true;
    }
}
