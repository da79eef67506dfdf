using Sandbox.Domain.Policies;

namespace Sandbox.Domain.Tests.Policies;

public sealed class ClaimPaceTests
{
    private readonly ClaimPace _pace = new();

    [Fact]
    public void Pause_BeforeTheFirstLook_IsNone() => Assert.Equal(TimeSpan.Zero, _pace.Pause);

    [Fact]
    public void Pause_AfterALookThatFilledItsLimit_IsNone()
    {
        _pace.OnLooked(found: 0, limit: 8);
        _pace.OnLooked(found: 8, limit: 8);

        Assert.Equal((TimeSpan.Zero, true), (_pace.Pause, _pace.IsMoreExpected));
    }

    [Fact]
    public void Pause_AfterEmptyLooks_GrowsToItsLimit_AndBeginsAgainWhenSomethingIsFound()
    {
        var pauses = Enumerable.Range(0, 6).Select(_ =>
        {
            _pace.OnLooked(found: 0, limit: 8);
            return _pace.Pause;
        }).ToList();

        Assert.Equal([.. pauses.Order()], pauses);
        Assert.Equal((ClaimPace.Shortest, ClaimPace.Longest), (pauses[0], pauses[^1]));
        Assert.False(_pace.IsMoreExpected, "a claim that found nothing is followed by a wait for a wake-up");

        _pace.OnLooked(found: 1, limit: 8);
        Assert.Equal((ClaimPace.Shortest, true), (_pace.Pause, _pace.IsMoreExpected));
    }

    [Fact]
    public async Task Rest_ExpectsNothingMoreAfterIt()
    {
        _pace.OnLooked(found: 8, limit: 8);

        await _pace.RestAsync(TestContext.Current.CancellationToken);

        Assert.False(_pace.IsMoreExpected, "a look that fails must not be followed by the next at once");
    }
}
