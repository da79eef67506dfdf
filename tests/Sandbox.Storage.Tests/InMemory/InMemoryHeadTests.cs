using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.InMemory;

public sealed class InMemoryMemberStoreTests : MemberStoreContract
{
    private IMemberStore? _members;

    protected override IMemberStore Members => _members ??= new InMemoryMemberStore(Time);

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>The leases of one process; no records are fenced by them.</summary>
public sealed class InMemoryLeaseStoreTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly InMemoryLeaseStore _leases;

    public InMemoryLeaseStoreTests() => _leases = new InMemoryLeaseStore(_time);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Acquire_WhileAnotherHoldsIt_IsRefusedUntilItEnds()
    {
        Assert.Equal(new Lease("head", "a", 1), await AcquireAsync("a"));
        _time.Advance(Length - TimeSpan.FromMilliseconds(1));
        Assert.Null(await AcquireAsync("b"));
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(new Lease("head", "b", 2), await AcquireAsync("b"));
    }

    [Fact]
    public async Task Acquire_ByItsOwnHolder_FencesTheHoldersEarlierLife()
    {
        var first = await AcquireAsync("a");

        Assert.Equal(2, (await AcquireAsync("a"))!.Epoch);
        Assert.False(await _leases.TryRenewAsync(first!, Length, CancellationToken));
    }

    [Fact]
    public async Task Renew_KeepsOthersAway()
    {
        var lease = await AcquireAsync("a");
        _time.Advance(Length / 2);
        Assert.True(await _leases.TryRenewAsync(lease!, Length, CancellationToken));
        _time.Advance(Length / 2);

        Assert.Null(await AcquireAsync("b"));
        Assert.Equal(new LeaseView("head", "a", 1, Length / 2), await _leases.FindAsync("head", CancellationToken));
    }

    [Fact]
    public async Task Release_GivesItBackAtOnceAndForGood()
    {
        var lease = await AcquireAsync("a");
        await _leases.ReleaseAsync(lease!, CancellationToken);

        Assert.False(await _leases.TryRenewAsync(lease!, Length, CancellationToken), "what was given back cannot be prolonged");
        Assert.Equal(TimeSpan.Zero, (await _leases.FindAsync("head", CancellationToken))!.Left);
        Assert.Equal(new Lease("head", "b", 2), await AcquireAsync("b"));
        await _leases.ReleaseAsync(lease!, CancellationToken);
        Assert.Null(await AcquireAsync("c"));
    }

    private Task<Lease?> AcquireAsync(string holder) => _leases.TryAcquireAsync(Lease.Head, holder, Length, CancellationToken);
}
