using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Sandbox.Api.Tests.Cluster;

/// <summary>A clock of the test's that tells for how long a caller begins to wait.</summary>
internal sealed class ToldTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public ChannelReader<TimeSpan> Timers => _timers.Reader;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }
}
