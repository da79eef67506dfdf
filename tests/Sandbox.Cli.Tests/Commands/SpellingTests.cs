using Sandbox.Cli.Commands;

namespace Sandbox.Cli.Tests.Commands;

public sealed class SpellingTests
{
    private static readonly string[] Known = ["ls", "ps", "rm", "run", "restart", "restore", "archive", "--timeout"];

    [Theory]
    [InlineData("sl", "ls")]
    [InlineData("rnu", "run")]
    [InlineData("RUN", "run")]
    [InlineData("restrat", "restart")]
    [InlineData("restor", "restore")]
    [InlineData("arhcive", "archive")]
    [InlineData("--timout", "--timeout")]
    [InlineData("frobnicate", null)]
    [InlineData("delete", null)]
    [InlineData("", null)]
    public void Nearest_OfAWord_IsTheOneThatWasMeant(string word, string? expected) =>
        Assert.Equal(expected, Spelling.Nearest(word, Known));
}
