using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Membership;

/// <summary>What this node has, and what of it is free: all, less what runs here and what is being started.</summary>
internal sealed class NodeCapacityReservations
{
    private readonly ConcurrentDictionary<IncarnationId, NodeCapacity> _starting = new();
    private readonly AgentGateway _gateway;

    public NodeCapacityReservations(
        AgentGateway gateway, DeploymentSet deployments, IOptions<NodeOptions> options, IOptions<WorkerOptions> worker)
    {
        var capacity = options.Value.Capacity;
        _gateway = gateway;
        var whole = IsOfThisMachine(deployments)
            ? new NodeCapacity(
                System.Environment.ProcessorCount, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, long.MaxValue,
                GpuDevices.Of(worker.Value).Count)
            : NodeCapacity.Unlimited;
        Whole = new NodeCapacity(
            capacity.Cpus ?? whole.Cpus, capacity.MemoryBytes ?? whole.MemoryBytes, capacity.DiskBytes ?? whole.DiskBytes,
            capacity.Gpus ?? whole.Gpus);
    }

    public NodeCapacity Whole { get; }

    public NodeCapacity Free
    {
        get
        {
            var running = _gateway.Registered;
            var here = running.Select(sandbox => sandbox.Incarnation).ToHashSet();
            return running.Select(sandbox => NodeCapacity.DemandOf(sandbox.Spec))
                .Concat(_starting.Where(one => !here.Contains(one.Key)).Select(one => one.Value))
                .Aggregate(Whole, (free, taken) => free.Without(taken));
        }
    }

    /// <summary>Reserves capacity for what is about to start; until the answer is disposed or it runs, whichever is later.</summary>
    public IDisposable Keep(IncarnationId incarnation, SandboxSpec spec)
    {
        _starting[incarnation] = NodeCapacity.DemandOf(spec);
        return new Kept(this, incarnation);
    }

    /// <summary>What runs elsewhere (pods) takes nothing of it.</summary>
    private static bool IsOfThisMachine(DeploymentSet deployments) =>
        deployments.Kinds.Any(kind => kind is DeploymentKind.Docker or DeploymentKind.Local);

    private sealed class Kept(NodeCapacityReservations reservations, IncarnationId incarnation) : IDisposable
    {
        public void Dispose() => reservations._starting.TryRemove(incarnation, out _);
    }
}
