using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Jobs;

/// <summary>Ends a container and keeps it, unless it never ran: then nothing in it belongs to a user, and it goes.</summary>
internal sealed class StopSandboxJobHandler(ISandboxStore store, SandboxContainers containers, AgentLinks links, AgentGateway gateway)
    : JobHandler<StopSandboxJob>
{
    protected override async Task RunAsync(StopSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);

        // A later restart waits behind this job, so a newer version is no reason to let the container run on. Only if it
        // runs again by its record has an earlier attempt of this job done the work.
        if (record is null || record.Incarnation != job.Incarnation || record.State is SandboxState.Running)
        {
            return;
        }

        gateway.Unregister(record.Id, record.Incarnation);
        if (links.Find(record.Incarnation) is { IsConnected: true } link && record.Spec.Remote is null)
        {
            await link.ShutdownAsync(cancellationToken);
        }

        await (NeverRan(record)
            ? containers.EnsureGoneAsync(record.Incarnation, record, cancellationToken)
            : containers.EnsureStoppedAsync(record, cancellationToken));
    }

    /// <summary>It went from its first pending to stopped and no further.</summary>
    private static bool NeverRan(SandboxInstance record) =>
        record is { State: SandboxState.Stopped, History: [{ From: SandboxState.Pending }] };
}
