using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Specs;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1024", 1024)]
    [InlineData("7b", 7)]
    [InlineData("1k", 1L << 10)]
    [InlineData("1kb", 1L << 10)]
    [InlineData("1Ki", 1L << 10)]
    [InlineData("2m", 2L << 20)]
    [InlineData("2MB", 2L << 20)]
    [InlineData("2mi", 2L << 20)]
    [InlineData("8g", 8L << 30)]
    [InlineData("8GB", 8L << 30)]
    [InlineData("8Gi", 8L << 30)]
    [InlineData("3T", 3L << 40)]
    [InlineData("3tb", 3L << 40)]
    [InlineData("3Ti", 3L << 40)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData(".5k", 512)]
    [InlineData("2.k", 2048)]
    [InlineData(" 4m ", 4L << 20)]
    [InlineData("0.9", 0)]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("8388607t", 8388607L << 40)]
    public void TryParse_OfASize_CountsBytes(string text, long bytes)
    {
        Assert.True(SizeText.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("abc")]
    [InlineData("g")]
    [InlineData(".")]
    [InlineData("-1g")]
    [InlineData("+1g")]
    [InlineData("1,5g")]
    [InlineData("1 g")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("1p")]
    [InlineData("1gib")]
    [InlineData("0x10")]
    [InlineData("１g")]
    [InlineData("1g\n2")]
    [InlineData("9223372036854775808")]
    [InlineData("8388608t")]
    [InlineData("99999999999999999999t")]
    public void TryParse_OfAnythingElse_IsRefused(string? text) => Assert.False(SizeText.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(64L << 30, "64g")]
    [InlineData(3L << 29, "1536m")]
    [InlineData(5L << 50, "5120t")]
    public void Of_Bytes_IsTheLargestExactUnit(long bytes, string text) => Assert.Equal(text, SizeText.Of(bytes));
}
