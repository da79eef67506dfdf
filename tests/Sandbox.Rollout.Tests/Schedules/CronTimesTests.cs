using Sandbox.Rollout.Schedules;

namespace Sandbox.Rollout.Tests.Schedules;

public sealed class CronTimesTests
{
    [Theory]
    [InlineData("30 2 * * *", "2030-03-30T12:00:00Z", "2030-03-31T01:00:00Z")] // Clocks go from 2:00 to 3:00 on that day.
    [InlineData("30 2 * * *", "2030-10-26T12:00:00Z", "2030-10-27T00:30:00Z")] // And from 3:00 back to 2:00 on that one.
    [InlineData("30 2 * * *", "2030-10-27T00:30:00Z", "2030-10-28T01:30:00Z")]
    [InlineData("0 9 * * 1", "2030-01-01T00:00:00Z", "2030-01-07T08:00:00Z")]
    public void Times_InAZoneWithSummerTime_AreThoseOfItsClocks(string cron, string after, string expected)
    {
        Assert.True(CronTimes.TryParse(cron, "Europe/Berlin", out var times, out var problem), problem);

        Assert.Equal(DateTimeOffset.Parse(expected), times.After(DateTimeOffset.Parse(after)));
    }

    [Theory]
    [InlineData("* * *", "UTC", "is no cron expression")]
    [InlineData("61 * * * *", "UTC", "is no cron expression")]
    [InlineData("0 3 * * *", "Mars/Olympus", "There is no time zone Mars/Olympus")]
    [InlineData("0 3 * * *", "../../etc/passwd", "There is no time zone")]
    public void Times_ThatAreNone_SayWhy(string cron, string zone, string expected)
    {
        Assert.False(CronTimes.TryParse(cron, zone, out _, out var problem), $"'{cron}' in {zone} was to be refused");

        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }
}
