using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Tests.Output;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("image a:1 cannot be pulled", "image a:1 cannot be pulled")]
    [InlineData("naïve ☃ — text", "naïve ☃ — text")]
    [InlineData("\u001b]0;owned\u0007\u001b[2J", " ]0;owned  [2J")]
    [InlineData("one\r\ntwo\nthree\u0085four\u2028five", "one  two three four five")]
    [InlineData("\u009b31mred\u007f", " 31mred ")]
    [InlineData("user\u202etxt.exe\u2066", "user txt.exe ")]
    public void OneLine_OfTextOfOthers_HasNothingThatATerminalObeys(string text, string expected) =>
        Assert.Equal(expected, PlainText.OneLine(text));
}
