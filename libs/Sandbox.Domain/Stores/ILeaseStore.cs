namespace Sandbox.Domain.Stores;

/// <summary>
/// Exclusive, expiring leases by name ("head", "node/w1"). Time is the store's own, so that clocks of machines do not matter.
/// Each time a lease is taken its epoch grows, and never goes back: a write that carries an older epoch is refused
/// (<see cref="Fence"/>), however late it comes.
/// </summary>
public interface ILeaseStore
{
    /// <summary>Takes a lease that is not held (never held, released or expired); null: another holder has it. A holder that
    /// asks again while it holds it gets a new epoch, which fences its own earlier life.</summary>
    /// <param name="holder">A name that no other process has, for example a node's name with a fresh uuid.</param>
    Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan length, CancellationToken cancellationToken);

    /// <summary>Prolongs it; false: it is not held any more (expired and taken, or released), and the holder stops acting.</summary>
    Task<bool> TryRenewAsync(Lease lease, TimeSpan length, CancellationToken cancellationToken);

    /// <summary>Gives it back at once; nothing happens when it is not held any more.</summary>
    Task ReleaseAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>The lease as it stands; null: never taken.</summary>
    Task<LeaseView?> FindAsync(string name, CancellationToken cancellationToken);
}

/// <param name="Epoch">From 1, grows by one with each time the lease is taken.</param>
public sealed record Lease(string Name, string Holder, long Epoch)
{
    public const string Head = "head";

    /// <summary>The lease of a node's name.</summary>
    public static string OfNode(string node) => $"node/{node}";

    public Fence Fence => new(Name, Epoch);
}

/// <param name="Holder">The holder that took it last.</param>
/// <param name="Left">Until it expires; zero or less: it is not held.</param>
public sealed record LeaseView(string Name, string Holder, long Epoch, TimeSpan Left);

/// <summary>What a write about the cluster or a node carries: it is refused when the lease has another epoch by now.</summary>
public sealed record Fence(string Lease, long Epoch);
