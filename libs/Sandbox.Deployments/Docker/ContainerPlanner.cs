using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Node.Leases;

namespace Sandbox.Deployments.Docker;

/// <summary>Plans containers for this node, and makes the folders and disk images that they mount.</summary>
internal sealed class ContainerPlanner(
    EngineConnection engine, SandboxFolders folders, KataDisk kataDisk, WorkerOptions worker, INodeLease lease)
{
    public async Task<ContainerPlan> PlanAsync(SandboxInstance sandbox, EngineArguments arguments, CancellationToken cancellationToken)
    {
        var facts = await engine.FactsAsync(cancellationToken);
        var socketFolder = folders.Socket(sandbox.Incarnation);
        Directory.CreateDirectory(socketFolder);
        if (sandbox.Spec.UseKata)
        {
            kataDisk.EnsureMade(sandbox);
        }

        return new ContainerPlan(
            sandbox, worker, arguments, Path.GetFullPath(folders.AgentBinary(facts.Architecture)), socketFolder,
            kataDisk.File(sandbox.Incarnation))
        {
            Epoch = lease.Current?.Fence?.Epoch,
        };
    }
}
