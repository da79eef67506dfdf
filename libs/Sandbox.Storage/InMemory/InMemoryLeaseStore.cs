using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>The leases of one process, by its own clock. They end with it, and their epochs begin anew.</summary>
internal sealed class InMemoryLeaseStore(TimeProvider time) : ILeaseStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Held> _leases = [];

    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var (last, isFree) = (_leases.GetValueOrDefault(name), true);
            if (last is not null)
            {
                isFree = last.IsReleased || last.Lease.Holder == holder || last.Until <= time.GetUtcNow();
            }

            if (!isFree)
            {
                return Task.FromResult<Lease?>(null);
            }

            var lease = new Lease(name, holder, (last?.Lease.Epoch ?? 0) + 1);
            _leases[name] = new Held(lease, time.GetUtcNow() + length, IsReleased: false);
            return Task.FromResult<Lease?>(lease);
        }
    }

    public Task<bool> TryRenewAsync(Lease lease, TimeSpan length, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            var isHeld = _leases.TryGetValue(lease.Name, out var held) && held.Lease == lease && !held.IsReleased;
            if (isHeld)
            {
                _leases[lease.Name] = held! with { Until = time.GetUtcNow() + length };
            }

            return Task.FromResult(isHeld);
        }
    }

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_leases.TryGetValue(lease.Name, out var held) && held.Lease == lease && !held.IsReleased)
            {
                var now = time.GetUtcNow();
                _leases[lease.Name] = held with { Until = held.Until < now ? held.Until : now, IsReleased = true };
            }

            return Task.CompletedTask;
        }
    }

    public Task<LeaseView?> FindAsync(string name, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_leases.TryGetValue(name, out var held)
                ? new LeaseView(name, held.Lease.Holder, held.Lease.Epoch, held.Until - time.GetUtcNow())
                : null);
        }
    }

    private sealed record Held(Lease Lease, DateTimeOffset Until, bool IsReleased);
}
