using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Leadership;
using Sandbox.Worker.Tests.Cluster;

namespace Sandbox.Worker.Tests.Head;

public sealed class HeadLeaseTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLeases _leases;
    private readonly LeaderLease _one, _other;

    public HeadLeaseTests()
    {
        _leases = new FakeLeases(_time);
        (_one, _other) = (Head("w1"), Head("w2"));
    }

    [Fact]
    public async Task Turn_TwoAsk_OneIsTheHead()
    {
        await TakeOrRenewAsync();

        Assert.Equal(new Fence(Lease.Head, 1), _one.Current?.Fence);
        Assert.Null(_other.Current);
    }

    [Fact]
    public async Task Turn_TheHeadFallsSilent_AnotherIsItWithAHigherEpochAndTheFirstHasStoppedBefore()
    {
        await TakeOrRenewAsync();
        var first = _one.Current!;

        _time.Advance(LeaderLease.Length * 2 / 3);

        Assert.True(first.Ended.IsCancellationRequested, "the head was to stop itself at two thirds of its lease");
        Assert.Null(_one.Current);
        await _other.TakeOrRenewAsync(CancellationToken.None);
        Assert.Null(_other.Current);
        _time.Advance(LeaderLease.Length / 3 + TimeSpan.FromMilliseconds(1));
        await _other.TakeOrRenewAsync(CancellationToken.None);
        Assert.Equal(2, _other.Current?.Fence?.Epoch);
    }

    [Fact]
    public async Task Turn_Renewed_GoesOnUnderTheSameEpoch()
    {
        for (var round = 0; round < 10; round++)
        {
            await TakeOrRenewAsync();
            _time.Advance(LeaderLease.Every);
        }

        Assert.Equal(1, _one.Current?.Fence?.Epoch);
        Assert.Null(_other.Current);
    }

    [Fact]
    public async Task Stop_GivesItBackAtOnce()
    {
        await TakeOrRenewAsync();

        await _one.StopAsync(CancellationToken.None);
        await _other.TakeOrRenewAsync(CancellationToken.None);

        Assert.Equal(2, _other.Current?.Fence?.Epoch);
    }

    private async Task TakeOrRenewAsync()
    {
        await _one.TakeOrRenewAsync(CancellationToken.None);
        await _other.TakeOrRenewAsync(CancellationToken.None);
    }

    private LeaderLease Head(string node) =>
        new(new StoreElection(_leases, new NodeIdentity(Options.Create(new WorkerOptions { NodeName = node }))), _time,
            NullLogger<LeaderLease>.Instance);
}
