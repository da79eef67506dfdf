namespace Sandbox.Storage.Tests;

public sealed class KeyedLockTests
{
    private readonly KeyedLock<int> _locks = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enter_WhileAnotherHasTheTurn_WaitsUntilItIsGivenBack()
    {
        var first = await _locks.EnterAsync(1, CancellationToken);
        var second = _locks.EnterAsync(1, CancellationToken).AsTask();
        Assert.False(second.IsCompleted, "the first one has the lock");
        Assert.Null(_locks.TryEnter(1));

        first.Dispose();

        (await second).Dispose();
        Assert.NotNull(_locks.TryEnter(1));
    }

    [Fact]
    public void Enter_ForOneOfManyThings_WaitsForNoOther()
    {
        var entered = Enumerable.Range(0, 10_000).Select(key => _locks.EnterAsync(key, CancellationToken)).ToList();

        Assert.All(entered, taken => Assert.True(taken.IsCompletedSuccessfully, "the lock of another key keeps none waiting"));
    }

    [Fact]
    public async Task Enter_ByMany_LetsOneInAtATime()
    {
        var (inside, most, times) = (0, 0, 0);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            using var taken = await _locks.EnterAsync(1, CancellationToken);
            most = Math.Max(most, Interlocked.Increment(ref inside));
            times++;
            await Task.Yield();
            Interlocked.Decrement(ref inside);
        })));

        Assert.Equal((1, 200), (most, times));
    }

    [Fact]
    public async Task Enter_GivenUp_LeavesTheTurnToOthers()
    {
        using var impatient = new CancellationTokenSource();
        var first = await _locks.EnterAsync(1, CancellationToken);
        var given = _locks.EnterAsync(1, impatient.Token).AsTask();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        first.Dispose();

        Assert.NotNull(_locks.TryEnter(1));
    }
}
