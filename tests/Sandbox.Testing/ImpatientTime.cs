using Microsoft.Extensions.Time.Testing;

namespace Sandbox.Testing;

/// <summary>A clock on which each wait is over at once, and has taken its time.</summary>
public sealed class ImpatientTime : FakeTimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        Advance(dueTime);
        return timer;
    }
}
