using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Stores;

/// <summary>The nodes of the cluster. A node holds the lease of its name while it lives; its heartbeat renews it. Silence is
/// measured by the store's own clock.</summary>
public interface INodeStore
{
    /// <summary>Takes the node's lease and writes its facts. <see cref="SandboxError.NodeNameTaken"/> while another process
    /// holds the name (a process that was killed holds it until its lease ends).</summary>
    /// <param name="holder">A name that no other process has.</param>
    Task<Result<Lease>> TryRegisterAsync(NodeFacts facts, string holder, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Renews the lease and writes the load; false: another process has the name now, and this one stops acting.</summary>
    Task<bool> TryHeartbeatAsync(Lease node, NodeLoad load, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>An orderly end: the lease is given back and the node is known as gone at once. Its record stays.</summary>
    Task LeaveAsync(Lease node, CancellationToken cancellationToken);

    /// <summary>A node that drains claims no new sandboxes. False: there is no such node.</summary>
    Task<bool> SetDrainingAsync(string node, bool draining, CancellationToken cancellationToken);

    /// <summary>Forgets a node that is gone. False: there is no such node, or it lives, or sandboxes are recorded as running on it: their
    /// loss is told by its silence, which must be known until then.</summary>
    Task<bool> TryForgetAsync(string node, CancellationToken cancellationToken);

    Task<NodeView?> FindAsync(string node, CancellationToken cancellationToken);

    /// <summary>All nodes, by name.</summary>
    Task<IReadOnlyList<NodeView>> ListAsync(CancellationToken cancellationToken);
}

/// <param name="Name">Unique in the cluster; stands in records as the host's name.</param>
/// <param name="Address">Where the other processes reach it, for example <c>http://10.0.0.7:8090</c>.</param>
/// <param name="HostIp">For people and for records.</param>
/// <param name="Deployments">What it can run.</param>
public sealed record NodeFacts(
    string Name, Uri Address, string HostIp, NodeCapacity Capacity, IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<DeploymentKind> Deployments, string Version);

/// <summary>Resources, whole or free.</summary>
/// <param name="Cpus">CPUs.</param>
/// <param name="MemoryBytes">Bytes.</param>
/// <param name="DiskBytes">Bytes; <see cref="long.MaxValue"/> where disk is not limited.</param>
/// <param name="Gpus">GPUs.</param>
public sealed record NodeCapacity(double Cpus, long MemoryBytes, long DiskBytes, double Gpus)
{
    public static NodeCapacity Unlimited { get; } = new(double.MaxValue, long.MaxValue, long.MaxValue, double.MaxValue);

    /// <summary>A part of a GPU takes all of it: no two sandboxes have the same one. Disk that is given away several times counts that
    /// much less.</summary>
    public static NodeCapacity DemandOf(SandboxSpec spec) => new(
        spec.Cpus, spec.MemoryBytes, (long)((spec.DiskBytes ?? 0) / Math.Max(1, spec.DiskOvercommitRatio ?? 1)),
        Math.Ceiling(spec.NumGpus ?? 0));

    public bool Fits(NodeCapacity demand) =>
        demand.Cpus <= Cpus && demand.MemoryBytes <= MemoryBytes && demand.DiskBytes <= DiskBytes && demand.Gpus <= Gpus;

    public NodeCapacity Without(NodeCapacity demand) =>
        this == Unlimited
            ? this : new(Cpus - demand.Cpus, MemoryBytes - demand.MemoryBytes, DiskBytes - demand.DiskBytes, Gpus - demand.Gpus);
}

/// <param name="Free">What new sandboxes may take.</param>
/// <param name="Sandboxes">How many run there.</param>
/// <param name="Unavailable">Why it can run nothing now (its engine does not answer); null: it can.</param>
public sealed record NodeLoad(NodeCapacity Free, int Sandboxes, string? Unavailable)
{
    /// <summary>It was told to end, finishes the calls that are under way and takes no new ones.</summary>
    public bool Leaving { get; init; }
}

/// <param name="Load">As the last heartbeat told.</param>
/// <param name="Epoch">Of its lease.</param>
/// <param name="Silence">Time since the last heartbeat.</param>
/// <param name="Left">It left in an orderly way.</param>
public sealed record NodeView(NodeFacts Facts, NodeLoad Load, long Epoch, TimeSpan Silence, bool Draining, bool Left)
{
    /// <summary>Silent for so long, a node is suspect: no new work is placed by its numbers.</summary>
    public static readonly TimeSpan SuspectAfter = TimeSpan.FromSeconds(4);

    /// <summary>Silent for so long, a node is dead: calls to its sandboxes fail at once.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(10);

    /// <summary>Dead for so long, its sandboxes are lost.</summary>
    public static readonly TimeSpan LostGrace = TimeSpan.FromSeconds(20);

    public bool IsDead => Left || Silence >= DeadAfter;

    /// <summary>It takes new calls: it is neither dead nor about to leave.</summary>
    public bool TakesCalls => !IsDead && !Load.Leaving;

    /// <summary>It said that it leaves, and as long as its sandboxes are not called lost it may be back: calls wait for it.</summary>
    public bool MayReturn => (Left || Load.Leaving) && Silence < DeadAfter + LostGrace;

    public bool IsSuspect => Left || Silence >= SuspectAfter;

    /// <summary>As people and programs are told: <c>alive</c>, <c>suspect</c>, <c>dead</c> or <c>left</c>.</summary>
    public string StateName => Left ? "left" : IsDead ? "dead" : IsSuspect ? "suspect" : "alive";
}
