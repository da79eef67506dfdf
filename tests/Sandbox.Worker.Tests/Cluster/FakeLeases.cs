using Sandbox.Domain.Stores;

namespace Sandbox.Worker.Tests.Cluster;

/// <summary>Leases in memory, on a clock of the test's.</summary>
internal sealed class FakeLeases(TimeProvider time) : ILeaseStore
{
    private readonly Dictionary<string, (Lease Lease, DateTimeOffset Until)> _leases = [];

    /// <summary>Every call fails with it.</summary>
    public Exception? Fails { get; set; }

    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        Throw();
        var known = _leases.TryGetValue(name, out var entry);
        if (known && entry.Until > time.GetUtcNow() && entry.Lease.Holder != holder)
        {
            return Task.FromResult<Lease?>(null);
        }

        var lease = new Lease(name, holder, known ? entry.Lease.Epoch + 1 : 1);
        _leases[name] = (lease, time.GetUtcNow() + length);
        return Task.FromResult<Lease?>(lease);
    }

    public Task<bool> TryRenewAsync(Lease lease, TimeSpan length, CancellationToken cancellationToken)
    {
        Throw();
        if (!_leases.TryGetValue(lease.Name, out var entry) || entry.Lease != lease)
        {
            return Task.FromResult(false);
        }

        _leases[lease.Name] = (lease, time.GetUtcNow() + length);
        return Task.FromResult(true);
    }

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        _leases[lease.Name] = (lease, time.GetUtcNow());
        return Task.CompletedTask;
    }

    public Task<LeaseView?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(_leases.TryGetValue(name, out var entry)
            ? new LeaseView(name, entry.Lease.Holder, entry.Lease.Epoch, entry.Until - time.GetUtcNow())
            : null);

    private void Throw()
    {
        if (Fails is not null)
        {
            throw Fails;
        }
    }
}
