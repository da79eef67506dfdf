using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of leases promises.</summary>
public abstract class LeaseContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    protected static readonly TimeSpan Length = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Acquire_OfALeaseNeverTaken_HasTheFirstEpoch() =>
        Assert.Equal(new Lease("head", "a", 1), await AcquireAsync("a"));

    [Fact]
    public async Task Acquire_WhileAnotherHoldsIt_IsRefusedUntilItEnds()
    {
        await AcquireAsync("a");

        Time.Advance(Length - TimeSpan.FromMilliseconds(1));
        Assert.Null(await AcquireAsync("b"));
        Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(new Lease("head", "b", 2), await AcquireAsync("b"));
    }

    [Fact]
    public async Task Acquire_ByItsOwnHolder_FencesTheHoldersEarlierLife()
    {
        var first = await AcquireAsync("a");

        Assert.Equal(2, (await AcquireAsync("a"))!.Epoch);
        Assert.False(await Leases.TryRenewAsync(first!, Length, CancellationToken));
    }

    [Fact]
    public async Task Acquire_ByManyAtOnce_SucceedsOnce()
    {
        var tries = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => AcquireAsync($"h{i}"))));

        Assert.Single(tries, lease => lease is not null);
    }

    [Fact]
    public async Task Renew_BeforeItEnds_KeepsOthersAway()
    {
        var lease = await AcquireAsync("a");

        Time.Advance(Length / 2);
        Assert.True(await Leases.TryRenewAsync(lease!, Length, CancellationToken));
        Time.Advance(Length / 2);

        Assert.Null(await AcquireAsync("b"));
        Assert.Equal(new LeaseView("head", "a", 1, Length / 2), await Leases.FindAsync("head", CancellationToken));
    }

    [Fact]
    public async Task Renew_AfterAnotherTookIt_IsRefused()
    {
        var lease = await AcquireAsync("a");
        Time.Advance(Length);
        await AcquireAsync("b");

        Assert.False(await Leases.TryRenewAsync(lease!, Length, CancellationToken));
    }

    [Fact]
    public async Task Release_GivesItBackAtOnceAndForGood()
    {
        var lease = await AcquireAsync("a");

        await Leases.ReleaseAsync(lease!, CancellationToken);

        Assert.False(await Leases.TryRenewAsync(lease!, Length, CancellationToken), "what was given back cannot be prolonged");
        Assert.Equal(TimeSpan.Zero, (await Leases.FindAsync("head", CancellationToken))!.Left);
        Assert.Equal(new Lease("head", "b", 2), await AcquireAsync("b"));
    }

    [Fact]
    public async Task Release_ByAnEarlierHolder_TakesNothingAway()
    {
        var lease = await AcquireAsync("a");
        Time.Advance(Length);
        await AcquireAsync("b");

        await Leases.ReleaseAsync(lease!, CancellationToken);

        Assert.Null(await AcquireAsync("c"));
    }

    [Fact]
    public async Task Leases_OfOtherNames_AreOthers()
    {
        await AcquireAsync("a");

        Assert.NotNull(await Leases.TryAcquireAsync(Lease.OfNode("w1"), "b", Length, CancellationToken));
        Assert.Null(await Leases.FindAsync(Lease.OfNode("w2"), CancellationToken));
    }

    protected Task<Lease?> AcquireAsync(string holder) => Leases.TryAcquireAsync(Lease.Head, holder, Length, CancellationToken);
}

/// <summary>What every store promises that keeps leases beside the records: it remembers them, and a fence holds a transition
/// back.</summary>
public abstract class LeaseStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : LeaseContract(open)
{
    [Fact]
    public async Task Epoch_AfterReopening_GoesOn()
    {
        await AcquireAsync("a");
        Time.Advance(Length);

        await ReopenAsync();

        Assert.Equal(2, (await AcquireAsync("b"))!.Epoch);
    }

    [Fact]
    public async Task Move_UnderACurrentFence_IsWritten()
    {
        var lease = await AcquireAsync("a");
        var record = await CreatedAsync(Given.Pending());

        Assert.True(await TransitionAsync(record, lease!.Fence));

        Assert.Equal(SandboxState.Stopped, (await FoundAsync(record)).State);
    }

    [Fact]
    public async Task Move_UnderAStaleFence_WritesNothing()
    {
        var stale = await AcquireAsync("a");
        Time.Advance(Length);
        await AcquireAsync("b");
        var record = await CreatedAsync(Given.Pending());

        Assert.False(await TransitionAsync(record, stale!.Fence));
        Assert.False(await TransitionAsync(record, new Fence("never taken", 1)));

        Assert.Equal(SandboxState.Pending, (await FoundAsync(record)).State);
        Assert.True(await Jobs.TryCompleteAsync(Assert.Single(await ClaimAsync()), CancellationToken));
        Assert.True((await ClaimAsync()).Count == 0, "the refused transition must not leave its job behind");
        Assert.Empty((await FoundAsync(record)).History);
    }

    [Fact]
    public async Task Move_BesideATakeOver_IsWrittenBeforeItOrNotAtAll()
    {
        for (var round = 0; round < 20; round++)
        {
            var name = $"node/{round}";
            var old = (await Leases.TryAcquireAsync(name, "a", Length, CancellationToken))!;
            var record = await CreatedAsync(Given.Pending());
            Time.Advance(Length);

            var transition = Task.Run(() => TransitionAsync(record, old.Fence));
            var taken = await Task.Run(async () =>
            {
                var lease = await Leases.TryAcquireAsync(name, "b", Length, CancellationToken);
                return (Lease: lease, SeenThen: (await FoundAsync(record)).State);
            });
            var written = await transition;

            Assert.Equal(2, taken.Lease!.Epoch);
            Assert.True(
                written == (taken.SeenThen is SandboxState.Stopped),
                $"once the lease is taken nothing is written under the old one any more: written {written}, seen after the take-over "
                    + $"{taken.SeenThen}");
        }
    }

    [Fact]
    public async Task Claim_WithoutTheNodesLease_GivesNothing()
    {
        await CreatedAsync(Given.Pending());
        var lease = await Leases.TryAcquireAsync(Lease.OfNode("n1"), "a", Length, CancellationToken);
        var claim = new JobClaim("n1", 10, TimeSpan.FromSeconds(15)) { Fence = lease!.Fence };

        Time.Advance(Length);
        Assert.True((await Jobs.ClaimAsync(claim, CancellationToken)).Count == 0, "the lease has ended");
        await Leases.TryRenewAsync(lease, Length, CancellationToken);
        Assert.True(
            (await Jobs.ClaimAsync(claim with { Fence = new Fence(lease.Name, 7) }, CancellationToken)).Count == 0, "the epoch is another");

        Assert.Single(await Jobs.ClaimAsync(claim, CancellationToken));
    }

    private Task<bool> TransitionAsync(SandboxInstance record, Fence fence)
    {
        var next = record.Apply(SandboxEvent.Stop);
        return Records.TryTransitionAsync(new SandboxTransition(record, next, Given.StopOf(next)) { Fence = fence }, CancellationToken);
    }
}
