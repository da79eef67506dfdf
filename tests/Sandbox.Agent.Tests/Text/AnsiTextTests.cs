using Sandbox.Agent.Text;

namespace Sandbox.Agent.Tests.Text;

public sealed class AnsiTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[1;31mred\u001b[0m", "red")]
    [InlineData("\u001b]0;title\u0007x\u001b]8;;http://a\u001b\\link", "xlink")]
    [InlineData("\u001b[?2004hprompt\u001b[?2004l\r\n", "prompt\r\n")]
    [InlineData("a\u001b(Bb\u001b=c", "abc")]
    [InlineData("cut\u001b[", "cut")]
    [InlineData("cut\u001b", "cut")]
    [InlineData("no end \u001b]is text", "no end is text")]
    public void Strip_LeavesWhatIsToBeRead(string text, string read) => Assert.Equal(read, AnsiText.Strip(text));
}
