using Microsoft.Extensions.Time.Testing;

namespace Sandbox.Cluster.Tests;

public sealed class LogThrottleTests
{
    [Fact]
    public void Lines_OfAFlood_PassOnceAnIntervalAndAreCounted()
    {
        var time = new FakeTimeProvider();
        var throttle = new LogThrottle(time);

        Assert.True(throttle.TryPass(out var none), "the first line was to pass");
        Assert.Equal(0, none);
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.False(throttle.TryPass(out var _), "a flood was not to pass"));
        time.Advance(LogThrottle.Interval);

        Assert.True(throttle.TryPass(out var suppressed), "the next interval has a line again");
        Assert.Equal(1000, suppressed);
    }
}
