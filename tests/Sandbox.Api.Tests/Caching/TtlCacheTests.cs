using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Caching;

namespace Sandbox.Api.Tests.Caching;

public sealed class TtlCacheTests
{
    private const int Limit = 20;

    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly Channel<string> _removed = Channel.CreateUnbounded<string>();

    [Fact]
    public void Entry_SetAfterAnAnswer_IsKeptFromTheQuestionOn()
    {
        using var cache = new TtlCache<string>(KeepFor, Limit, _time);
        var asked = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromSeconds(3));
        cache.Set("a", "x", asked);

        _time.Advance(TimeSpan.FromSeconds(7) - TimeSpan.FromMilliseconds(1));
        var isKept = cache.TryGet("a", out var value);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal((true, "x"), (isKept, value));
        Assert.False(cache.TryGet("a", out _), "10 s after the question its answer is no longer believed");
    }

    [Fact]
    public void Clock_SetBack_KeepsNoEntryForLonger()
    {
        var time = new SteppedTime();
        using var cache = new TtlCache<string>(KeepFor, Limit, time);
        cache.Set("a", "x", time.GetTimestamp());

        time.Wall -= TimeSpan.FromHours(1);
        time.Elapsed += KeepFor;

        Assert.False(cache.TryGet("a", out _), "10 s have passed, whatever the wall clock says");
    }

    [Fact]
    public async Task Cache_ThatIsFull_MakesWayForTheNext()
    {
        using var cache = new TtlCache<string>(KeepFor, Limit, _time, value => _removed.Writer.TryWrite(value));
        for (var number = 0; number < Limit; number++)
        {
            cache.Set($"{number}", $"{number}", _time.GetTimestamp());
        }

        cache.Set("beyond", "beyond", _time.GetTimestamp());
        string[] removed = [await RemovedAsync(), await RemovedAsync()];
        cache.Set("next", "next", _time.GetTimestamp());

        Assert.Contains("beyond", removed);
        Assert.True(cache.TryGet("next", out _), "the one before it made room");
        Assert.Equal(Limit, cache.Count);
    }

    [Fact]
    public async Task Entry_ReplacedOrRemoved_IsToldOf()
    {
        using var cache = new TtlCache<string>(KeepFor, Limit, _time, value => _removed.Writer.TryWrite(value));

        cache.Set("a", "first", _time.GetTimestamp());
        cache.Set("a", "second", _time.GetTimestamp());
        Assert.Equal("first", await RemovedAsync());

        cache.Remove("a");
        Assert.Equal("second", await RemovedAsync());
        Assert.False(cache.TryGet("a", out _), "it was removed");
    }

    private Task<string> RemovedAsync() => _removed.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Never);

    /// <summary>A wall clock that can be set back beside a clock that only goes on.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public TimeSpan Elapsed { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Elapsed.Ticks;
    }
}
