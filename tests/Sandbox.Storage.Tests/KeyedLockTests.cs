namespace Sandbox.Storage.Tests;

public sealed class KeyedLockTests
{
    private readonly KeyedLock<int> _turns = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enter_WhileAnotherHasTheTurn_WaitsUntilItIsGivenBack()
    {
        var first = await _turns.EnterAsync(1, CancellationToken);
        var second = _turns.EnterAsync(1, CancellationToken).AsTask();
        Assert.False(second.IsCompleted, "the turn is the first one's");
        Assert.Null(_turns.TryEnter(1));

        first.Dispose();

        (await second).Dispose();
        Assert.NotNull(_turns.TryEnter(1));
    }

    [Fact]
    public void Enter_ForOneOfManyThings_WaitsForNoOther()
    {
        var entered = Enumerable.Range(0, 10_000).Select(key => _turns.EnterAsync(key, CancellationToken)).ToList();

        Assert.All(entered, turn => Assert.True(turn.IsCompletedSuccessfully, "another thing's turn is nobody's business"));
    }

    [Fact]
    public async Task Enter_ByMany_LetsOneInAtATime()
    {
        var (inside, most, times) = (0, 0, 0);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Task.Run(async () =>
        {
            using var turn = await _turns.EnterAsync(1, CancellationToken);
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
        var first = await _turns.EnterAsync(1, CancellationToken);
        var given = _turns.EnterAsync(1, impatient.Token).AsTask();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        first.Dispose();

        Assert.NotNull(_turns.TryEnter(1));
    }
}
