using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Http;

namespace Sandbox.Api.Tests.Http;

public sealed class MemoryTrimmerTests : IDisposable
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryTrimmer _trimmer;
    private int _collections, _trims;

    public MemoryTrimmerTests() => _trimmer = new MemoryTrimmer(_time, trim => _ = trim ? _trims++ : _collections++);

    public void Dispose() => _trimmer.Dispose();

    [Fact]
    public void Memory_OnceItIsQuiet_IsGivenBackAndThenWhatPoolsHeld()
    {
        _trimmer.Released(MemoryTrimmer.Least);

        _time.Advance(MemoryTrimmer.Quiet - Moment);
        Assert.True(_trims == 0, "others may still come, and would wait for it");
        _time.Advance(Moment);
        Assert.True(_trims == 1, $"nothing came for {MemoryTrimmer.Quiet}: once, not {_trims} times");
        _time.Advance(MemoryTrimmer.PoolAge);
        Assert.True(_trims == 2, $"pools let go the second time, which is due after {MemoryTrimmer.PoolAge}");
        _time.Advance(MemoryTrimmer.Quiet);
        Assert.True(_trims == 3, "and what they let go is freed the third time");
        _time.Advance(TimeSpan.FromHours(1));
        Assert.True((_trims, _collections) == (3, 0), $"an idle process is left alone, and looked {_trims} and {_collections} times");
    }

    [Fact]
    public void Memory_ThatIsLittle_IsLeftToTheCollector()
    {
        _trimmer.Released(MemoryTrimmer.Least - 1);

        _time.Advance(TimeSpan.FromHours(1));

        Assert.True((_trims, _collections) == (0, 0), "so little is not worth the pause");
    }

    [Fact]
    public void Memory_OfManySmallBodies_CountsAsThatOfALargeOne()
    {
        for (var released = 0L; released < MemoryTrimmer.Least; released += 64 * 1024)
        {
            _trimmer.Released(64 * 1024);
        }

        _time.Advance(MemoryTrimmer.Quiet);

        Assert.True(_trims == 1, "what counts is what was given back since the last time");
    }

    /// <summary>However many bodies there were, what they left is at most as much as that of a few.</summary>
    [Fact]
    public void Process_ThatIsBusy_IsCollectedAsItGoes_AndNotTrimmed()
    {
        for (var body = 0; body < 100; body++)
        {
            _trimmer.Released(MemoryTrimmer.Most / 4);
            _time.Advance((MemoryTrimmer.Quiet / 2) - Moment);
        }

        Assert.True(_collections == 25, $"four bodies leave what may lie there: 25 collections after 100, not {_collections}");
        Assert.True(_trims == 0, $"bodies came all the time, and {_trims} trims made them wait");
    }

    [Fact]
    public void Burst_AfterATrim_BeginsAnew()
    {
        _trimmer.Released(MemoryTrimmer.Least);
        _time.Advance(MemoryTrimmer.Quiet);
        _time.Advance(MemoryTrimmer.PoolAge - Moment);

        _trimmer.Released(MemoryTrimmer.Least);
        _time.Advance(Moment);
        Assert.True(_trims == 1, "the second trim waits for the quiet after the second burst");
        _time.Advance(MemoryTrimmer.Quiet);
        _time.Advance(MemoryTrimmer.PoolAge);
        _time.Advance(MemoryTrimmer.Quiet);

        Assert.True(_trims == 4, $"one before the second burst and three after it, not {_trims}");
    }
}
