using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Sandbox.Rollout.Tests.Webhooks;

/// <summary>A clock that stands still, and tells which waits begin.</summary>
internal sealed class WatchedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero)
        {
            _waits.Writer.TryWrite(dueTime);
        }

        return timer;
    }

    /// <summary>Waits until somebody waits for so long, and lets that time pass.</summary>
    public async Task PassAsync(TimeSpan wait)
    {
        while (await _waits.Reader.ReadAsync() != wait)
        {
            // Another wait, which does not end.
        }

        Advance(wait);
    }
}
