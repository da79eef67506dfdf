using Sandbox.Domain.Stores;

namespace Sandbox.Node.Leases;

/// <summary>
/// A lease as its holder may rely on it: for two thirds of its length after the last renewal was asked for, by the holder's
/// own monotonic clock. The last third is for the difference between two clocks and for what is still on its way.
/// </summary>
internal sealed class HeldLease : IDisposable
{
    private readonly TimeProvider _time;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _ended;
    private long _askedAt;

    /// <param name="askedAt">Timestamp from before the store was asked for it.</param>
    public HeldLease(Lease lease, TimeSpan length, long askedAt, TimeProvider time)
    {
        (Lease, _time, _limit, _askedAt) = (lease, time, length * 2 / 3, askedAt);
        _ended = new CancellationTokenSource(Left, time);
        LeaseToken = new LeaseToken(lease.Fence, _ended.Token);
    }

    public Lease Lease { get; }

    public LeaseToken LeaseToken { get; }

    /// <summary>The clock is asked, too: a process that was stopped wakes up before its timers have run.</summary>
    public bool IsHeld => !_ended.IsCancellationRequested && _time.GetElapsedTime(Volatile.Read(ref _askedAt)) < _limit;

    private TimeSpan Left => _limit - _time.GetElapsedTime(_askedAt) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <param name="askedAt">Timestamp from before the store was asked.</param>
    /// <returns>False: the answer came too late, the lease counts as lost.</returns>
    public bool TryRenew(long askedAt)
    {
        if (!IsHeld)
        {
            End();
            return false;
        }

        Volatile.Write(ref _askedAt, askedAt);
        _ended.CancelAfter(Left);
        return true;
    }

    /// <summary>Tells everything that acts under it to stop.</summary>
    public void End() => _ended.Cancel();

    public void Dispose()
    {
        End();
        _ended.Dispose();
    }
}
