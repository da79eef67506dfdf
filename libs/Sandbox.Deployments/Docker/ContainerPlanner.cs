using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Node.Leases;

namespace Sandbox.Deployments.Docker;

/// <summary>Plans containers for this node, and makes the networks, folders and disk images that they need.</summary>
internal sealed class ContainerPlanner(
    EngineConnection engine, SandboxFolders folders, IOptions<WorkerOptions> options, INodeLease lease, SandboxNetworks networks)
{
    /// <summary>The kernel numbers all processes of the machine: one sandbox never takes more than a quarter of the numbers.</summary>
    private static readonly Lazy<long> MostProcesses = new(
        () => long.Parse(File.ReadAllText("/proc/sys/kernel/pid_max"), CultureInfo.InvariantCulture) / 4);

    private readonly KataDisk _kataDisk = new(options.Value.DataFolder);

    /// <param name="image">Its id.</param>
    public async Task<ContainerPlan> PlanAsync(
        SandboxInstance sandbox, string image, EngineArguments arguments, CancellationToken cancellationToken)
    {
        var facts = await engine.FactsAsync(cancellationToken);
        if (facts.WhyRefused(options.Value) is { } refusal)
        {
            throw new EngineException(refusal, HttpStatusCode.PreconditionFailed, null);
        }

        var socketFolder = folders.EnsureSocketFolder(sandbox.Incarnation, facts.ContainerRoot);
        if (sandbox.Spec.UseKata)
        {
            _kataDisk.EnsureMade(sandbox);
        }

        return new ContainerPlan(
            sandbox, image, options.Value, arguments, Path.GetFullPath(folders.AgentBinary(facts.Architecture)), socketFolder,
            _kataDisk.File(sandbox.Incarnation))
        {
            Network = await networks.ChooseAsync(sandbox.Spec, cancellationToken),
            Epoch = lease.Current?.Fence?.Epoch,
            Confinement = facts.Describe(sandbox.Spec, options.Value),
            MostProcesses = MostProcesses.Value,
        };
    }
}
