using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Storage;

namespace Sandbox.Node.Reconciliation;

/// <summary>Ends what runs although no record wants it. What a job is working on is the job's.</summary>
internal sealed partial class OrphanCleanup(
    ISandboxStore store, NodeIdentity node, AgentLinks links, KeyedLock<IncarnationId> locks, ILogger<OrphanCleanup> logger)
{
    /// <summary>Removes what belongs to no record (any more) or to a record that names another node, stops what its record
    /// calls stopped. The answer is the record of one that rightly runs here.</summary>
    public async Task<SandboxInstance?> JudgeAsync(IDeployment deployment, FoundSandbox found, CancellationToken cancellationToken)
    {
        // Under the lock, so that no job begins between the look and the deed; the record is older than its container, so one
        // that is just being made has a record.
        using var held = locks.TryEnter(found.Incarnation);
        if (held is null)
        {
            return null;
        }

        var record = found.SandboxId == default ? null : await store.FindAsync(found.SandboxId, cancellationToken);
        if (record is null or { State: SandboxState.Deleted or SandboxState.Archived } || record.Incarnation != found.Incarnation)
        {
            await deployment.EnsureGoneAsync(found.Incarnation, cancellationToken);
            links.Close(found.Incarnation);
            Log.Orphan(logger, found.Incarnation, found.SandboxId);
            return null;
        }

        if (record.HostName is not null && !node.Has(record))
        {
            // Made by a start that was taken from this node and finished late. No caller was ever sent to it.
            await deployment.EnsureGoneAsync(found.Incarnation, cancellationToken);
            links.Close(found.Incarnation);
            Log.Duplicate(logger, record.Id, record.HostName);
            return null;
        }

        if (record.State is SandboxState.Stopped && found.Running)
        {
            Log.StillRunning(logger, record.Id);
            await deployment.EnsureStoppedAsync(record, cancellationToken);
            links.Close(found.Incarnation);
        }

        return record.State is SandboxState.Running && found.Running ? record : null;
    }

    private static partial class Log
    {
        [LoggerMessage(4221, LogLevel.Warning, "Incarnation {Incarnation} of sandbox {SandboxId} belonged to no record; it was removed")]
        public static partial void Orphan(ILogger logger, IncarnationId incarnation, SandboxId sandboxId);

        [LoggerMessage(4223, LogLevel.Warning, "Sandbox {SandboxId} is on node {Node}; its double here was removed")]
        public static partial void Duplicate(ILogger logger, SandboxId sandboxId, string node);

        [LoggerMessage(4222, LogLevel.Warning, "Sandbox {SandboxId} is stopped, yet it runs; it is ended")]
        public static partial void StillRunning(ILogger logger, SandboxId sandboxId);
    }
}
