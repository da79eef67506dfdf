using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every feed promises to a subscriber in the same process.</summary>
public abstract class ChangeFeedContract : IAsyncLifetime
{
    private static readonly SandboxId One = SandboxId.Parse("one");
    private static readonly SandboxId Other = SandboxId.Parse("other");

    private IChangeFeed _feed = null!;

    public async ValueTask InitializeAsync() => _feed = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await CloseAsync();
    }

    /// <summary>A feed that has been set up completely: nothing but a publish wakes a subscriber.</summary>
    protected abstract ValueTask<IChangeFeed> OpenAsync();

    protected virtual ValueTask CloseAsync() => ValueTask.CompletedTask;

    /// <summary>Subscriptions that are neither woken nor disposed.</summary>
    protected abstract int Waiting(IChangeFeed feed);

    [Fact]
    public void Publish_WakesWhoeverWaitsForThatSandboxOrForAll()
    {
        using var mine = _feed.Subscribe(One);
        using var also = _feed.Subscribe(One);
        using var others = _feed.Subscribe(Other);
        using var all = _feed.SubscribeAll();

        _feed.Publish(One);

        Assert.True(mine.Changed.IsCompleted && also.Changed.IsCompleted && all.Changed.IsCompleted, "all who wait for it are woken");
        Assert.False(others.Changed.IsCompleted);
        Assert.Equal(1, Waiting(_feed));
    }

    [Fact]
    public void Subscribe_AfterAChange_WaitsForTheNext()
    {
        _feed.Publish(One);
        using var mine = _feed.Subscribe(One);

        Assert.False(mine.Changed.IsCompleted);
        _feed.Publish(One);
        Assert.True(mine.Changed.IsCompleted);
    }

    [Fact]
    public void Dispose_ForgetsWhoeverIsNotInterestedAnyMore()
    {
        var (mine, all) = (_feed.Subscribe(One), _feed.SubscribeAll());
        using var also = _feed.Subscribe(One);

        mine.Dispose();
        all.Dispose();
        mine.Dispose();

        Assert.Equal(1, Waiting(_feed));
        _feed.Publish(One);
        Assert.False(mine.Changed.IsCompleted);
        Assert.Equal(0, Waiting(_feed));
    }

    [Fact]
    public void Collect_HoldsWhatChangedSinceItWasTaken_EachOnce()
    {
        _feed.Publish(Other);
        var collector = _feed.Collect();
        Assert.False(collector.Changed.IsCompleted, "what changed before does not count");

        _feed.Publish(One);
        _feed.Publish(One);
        _feed.PublishAccess();

        Assert.True(collector.Changed.IsCompleted, "a change was to be told");
        var first = collector.Take();
        Assert.Equal(One, Assert.Single(first.Ids));
        Assert.False(first.HasMissedSome, "it holds all that changed");
        Assert.False(collector.Changed.IsCompleted, "what was taken is told no more");
        _feed.Publish(Other);
        Assert.Equal(Other, Assert.Single(collector.Take().Ids));
        collector.Dispose();
        _feed.Publish(One);
        Assert.False(collector.Changed.IsCompleted, "a collector that was disposed is told nothing");
        Assert.Equal(0, Waiting(_feed));
    }

    [Fact]
    public void Collect_OfMoreThanItHolds_SaysThatItMissedSome()
    {
        using var collector = _feed.Collect();
        foreach (var number in Enumerable.Range(0, 5_001))
        {
            _feed.Publish(SandboxId.Parse($"s{number}"));
        }

        var taken = collector.Take();

        Assert.Equal((5_000, true), (taken.Ids.Count, taken.HasMissedSome));
        Assert.False(collector.Take().HasMissedSome, "that some were missed is told once");
    }

    [Fact]
    public void PublishAccess_WakesWhoeverAsksForThatAndNobodyElse()
    {
        using var access = _feed.SubscribeAccess();
        using var mine = _feed.Subscribe(One);
        using var all = _feed.SubscribeAll();

        _feed.PublishAccess();

        Assert.True(access.Changed.IsCompleted, "keys changed");
        Assert.False(mine.Changed.IsCompleted || all.Changed.IsCompleted, "no sandbox changed");
        using var again = _feed.SubscribeAccess();
        _feed.Publish(One);
        Assert.False(again.Changed.IsCompleted, "no key changed");
    }

    [Fact]
    public void PublishRollouts_WakesThoseWhoAskForThatAlone()
    {
        using var rollouts = _feed.SubscribeRollouts();
        using var access = _feed.SubscribeAccess();
        using var all = _feed.SubscribeAll();

        _feed.PublishRollouts();

        Assert.True(rollouts.Changed.IsCompleted, "something of a rollout changed");
        Assert.False(access.Changed.IsCompleted || all.Changed.IsCompleted, "no key and no sandbox changed");
        using var again = _feed.SubscribeRollouts();
        _feed.PublishAccess();
        Assert.False(again.Changed.IsCompleted, "nothing of a rollout changed");
    }

    [Fact]
    public async Task Waiters_ThatSubscribeThenRead_MissNoChange()
    {
        const int Last = 20_000;
        var value = 0;
        var writer = Task.Run(() =>
        {
            for (var i = 0; i < Last; i++)
            {
                Interlocked.Increment(ref value);
                _feed.Publish(One);
            }
        });

        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                using var change = _feed.Subscribe(One);
                if (Volatile.Read(ref value) == Last)
                {
                    return;
                }

                await change.Changed;
            }
        }));

        // A lost wake-up shows as a reader that waits for ever.
        await Task.WhenAll([writer, .. readers]).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(0, Waiting(_feed));
    }

    [Fact]
    public async Task Waiters_AreNotRunByTheWriterThatWakesThem()
    {
        using var gate = new SemaphoreSlim(0);
        using var change = _feed.Subscribe(One);
        var waiter = WaitAsync();

        _feed.Publish(One);
        gate.Release();

        await waiter.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        async Task WaitAsync()
        {
            await change.Changed;

            // Were this the writer's thread, no thread would open the gate.
            gate.Wait(TestContext.Current.CancellationToken);
        }
    }
}
