using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Jobs;

/// <summary>Removes everything that was made for an incarnation.</summary>
internal sealed class RemoveSandboxJobHandler(ISandboxStore store, SandboxContainers containers, AgentGateway gateway)
    : JobHandler<RemoveSandboxJob>
{
    protected override async Task RunAsync(RemoveSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);
        if (record?.Incarnation == job.Incarnation && record is not { State: SandboxState.Deleted or SandboxState.Archived })
        {
            return;
        }

        gateway.Unregister(job.SandboxId, job.Incarnation);
        await containers.EnsureGoneAsync(job.Incarnation, record, cancellationToken);
    }
}
