using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Removes everything that was made for an incarnation.</summary>
internal sealed class RemoveSandboxJobHandler(ISandboxStore store, DeploymentSet deployments, AgentLinks links, AgentGateway gateway)
    : JobHandler<RemoveSandboxJob>
{
    protected override async Task RunAsync(RemoveSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);
        var same = record?.Incarnation == job.Incarnation;
        if (same && record is not { State: SandboxState.Deleted or SandboxState.Archived })
        {
            return;
        }

        gateway.Dismiss(job.SandboxId, job.Incarnation);
        foreach (var deployment in same ? [deployments[record!.Spec.Deployment]] : deployments.All)
        {
            await deployment.EnsureGoneAsync(job.Incarnation, cancellationToken);
        }

        links.Close(job.Incarnation);
    }
}
