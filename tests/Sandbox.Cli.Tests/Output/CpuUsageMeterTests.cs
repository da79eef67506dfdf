using Sandbox.Cli.Output;

namespace Sandbox.Cli.Tests.Output;

public sealed class CpuUsageMeterTests
{
    private readonly CpuUsageMeter _meter = new();

    [Fact]
    public void CpusOf_TwoLooks_IsWhatWasUsedBetweenThem()
    {
        Assert.Null(_meter.CpusOf("a", 1000, 5));
        Assert.Equal(1.5, _meter.CpusOf("a", 3000, 8));
        Assert.Equal(0, _meter.CpusOf("a", 4000, 8));
    }

    [Fact]
    public void CpusOf_TheSameMoment_IsTheSame()
    {
        _meter.CpusOf("a", 1000, 5);
        _meter.CpusOf("a", 3000, 8);

        Assert.Equal(1.5, _meter.CpusOf("a", 3000, 8));
        Assert.Null(_meter.CpusOf("b", 3000, 8));
    }

    [Theory]
    [InlineData(2000, 1)]
    [InlineData(500, 9)]
    public void CpusOf_ASumThatBeganAnew_IsUnknownOnce(long at, double seconds)
    {
        _meter.CpusOf("a", 1000, 5);

        Assert.Null(_meter.CpusOf("a", at, seconds));
        Assert.Equal(1, _meter.CpusOf("a", at + 1000, seconds + 1));
    }
}
