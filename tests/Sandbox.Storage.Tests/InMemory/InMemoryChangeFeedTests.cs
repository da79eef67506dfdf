using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests.InMemory;

public sealed class InMemoryChangeFeedTests : ChangeFeedContract
{
    [Fact]
    public void WakeAll_WakesEverybodyOnce()
    {
        var feed = new InMemoryChangeFeed();
        using var one = feed.Subscribe(SandboxId.Parse("one"));
        using var all = feed.SubscribeAll();
        using var access = feed.SubscribeAccess();
        using var collector = feed.Collect();

        feed.WakeAll();

        Assert.True(one.Changed.IsCompleted && all.Changed.IsCompleted && access.Changed.IsCompleted, "everybody is woken");
        using var later = feed.Subscribe(SandboxId.Parse("one"));
        Assert.False(later.Changed.IsCompleted);
        Assert.True(collector.Take().HasMissedSome, "a collector may have missed something");
        Assert.Equal(2, feed.Waiting);
    }

    protected override ValueTask<IChangeFeed> OpenAsync() => ValueTask.FromResult<IChangeFeed>(new InMemoryChangeFeed());

    protected override int Waiting(IChangeFeed feed) => ((InMemoryChangeFeed)feed).Waiting;
}
