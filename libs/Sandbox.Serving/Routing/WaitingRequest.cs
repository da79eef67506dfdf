using System.Collections.Immutable;

namespace Sandbox.Serving.Routing;

/// <summary>A request that waits for a replica.</summary>
internal sealed class WaitingRequest(AffinityKey? affinity, ImmutableHashSet<string> excluded)
{
    private readonly TaskCompletionSource<ReplicaLease?> _lease = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AffinityKey? Affinity { get; } = affinity;

    /// <summary>Ids of replicas on which it has failed.</summary>
    public ImmutableHashSet<string> Excluded { get; } = excluded;

    /// <summary>Null when it was refused.</summary>
    public Task<ReplicaLease?> Lease => _lease.Task;

    public void Serve(ReplicaLease lease) => _lease.SetResult(lease);

    public void Refuse() => _lease.SetResult(null);
}
