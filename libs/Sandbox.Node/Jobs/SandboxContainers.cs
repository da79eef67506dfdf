using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Ends the container of a sandbox on this node, and with it the link to its agent.</summary>
internal sealed class SandboxContainers(DeploymentSet deployments, AgentLinks links)
{
    /// <summary>It does not run any more, and its files are kept.</summary>
    public async Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        await deployments[sandbox.Spec.Deployment].EnsureStoppedAsync(sandbox, cancellationToken);
        links.Close(sandbox.Incarnation);
    }

    /// <summary>Nothing of it is left.</summary>
    /// <param name="record">Of its sandbox, as far as there is one. Where it is not about this incarnation nothing says what runs it, and
    /// every deployment is asked.</param>
    public async Task EnsureGoneAsync(IncarnationId incarnation, SandboxInstance? record, CancellationToken cancellationToken)
    {
        foreach (var deployment in record?.Incarnation == incarnation ? [deployments[record.Spec.Deployment]] : deployments.All)
        {
            await deployment.EnsureGoneAsync(incarnation, cancellationToken);
        }

        links.Close(incarnation);
    }
}
