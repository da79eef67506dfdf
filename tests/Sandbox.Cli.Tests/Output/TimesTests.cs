using Sandbox.Cli.Output;

namespace Sandbox.Cli.Tests.Output;

public sealed class TimesTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, "now")]
    [InlineData(-1, "1 second ago")]
    [InlineData(-59, "59 seconds ago")]
    [InlineData(-120, "2 minutes ago")]
    [InlineData(-3599, "59 minutes ago")]
    [InlineData(-86400, "1 day ago")]
    [InlineData(-14 * 86400, "2 weeks ago")]
    [InlineData(-800 * 86400, "2 years ago")]
    [InlineData(540, "in 9 minutes")]
    public void Relative_CountsTheLargestUnit(int seconds, string expected) =>
        Assert.Equal(expected, Times.Relative(Now.AddSeconds(seconds), Now));

    [Theory]
    [InlineData("2030-01-31T11:58:00+00:00", "2m")]
    [InlineData("2030-01-31T15:00:00+02:00", "1h")]
    [InlineData("2030-01-31T12:00:00Z", "0s")]
    [InlineData("unknown", "unknown")]
    [InlineData(null, "")]
    public void Short_IsTheDistanceInOneUnit(string? time, string expected) => Assert.Equal(expected, Times.Short(time, Now));
}
