using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Worker.Agents;
using Sandbox.Worker.Deployments;

namespace Sandbox.Worker.Jobs;

/// <summary>Removes everything that was made for an incarnation.</summary>
internal sealed class RemoveSandboxJob(ISandboxStore store, DeploymentSet deployments, AgentLinks links, AgentGateway gateway)
{
    public async Task RunAsync(RemoveSandbox job, CancellationToken cancellationToken)
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
