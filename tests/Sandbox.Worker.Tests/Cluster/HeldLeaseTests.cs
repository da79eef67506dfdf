using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Worker.Tests.Cluster;

public sealed class HeldLeaseTests : IDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(9);

    private readonly FakeTimeProvider _time = new();
    private readonly HeldLease _held;

    public HeldLeaseTests() => _held = new HeldLease(new Lease("node/w1", "me", 3), Length, _time.GetTimestamp(), _time);

    [Fact]
    public void Held_BeforeTwoThirdsHavePassed_MayBeReliedOn()
    {
        _time.Advance(TimeSpan.FromSeconds(5.999));

        Assert.True(_held.IsHeld);
        Assert.False(_held.LeaseToken.Ended.IsCancellationRequested, "what runs under the lease was told to stop too early");
        Assert.Equal(new Fence("node/w1", 3), _held.LeaseToken.Fence);
    }

    [Fact]
    public void Held_AtTwoThirds_EndsByItself()
    {
        _time.Advance(TimeSpan.FromSeconds(6));

        Assert.False(_held.IsHeld);
        Assert.True(_held.LeaseToken.Ended.IsCancellationRequested, "what runs under the lease was to be told to stop at two thirds");
    }

    [Fact]
    public void Renew_CountsFromTheMomentItWasAskedFor()
    {
        _time.Advance(TimeSpan.FromSeconds(3));
        var asked = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.True(_held.TryRenew(asked));
        _time.Advance(TimeSpan.FromSeconds(3.999));
        Assert.True(_held.IsHeld);
        _time.Advance(TimeSpan.FromSeconds(0.001));
        Assert.False(_held.IsHeld);
        Assert.True(_held.LeaseToken.Ended.IsCancellationRequested);
    }

    [Fact]
    public void Renew_AnswerAfterTwoThirds_IsTooLate()
    {
        var asked = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(7));

        Assert.False(_held.TryRenew(asked));
        Assert.False(_held.IsHeld);
    }

    public void Dispose() => _held.Dispose();
}
