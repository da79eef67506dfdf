using Sandbox.Cli.Commands;

namespace Sandbox.Cli.Tests.Commands;

public sealed class SandboxPathTests
{
    [Theory]
    [InlineData("demo:/tmp/x", "demo", "/tmp/x")]
    [InlineData("demo:x", "demo", "x")]
    [InlineData("a.b-c_1:/a:b", "a.b-c_1", "/a:b")]
    public void TryParse_WithAnId_IsAPathInASandbox(string given, string id, string path)
    {
        var parsed = SandboxPath.TryParse(given);

        Assert.NotNull(parsed);
        Assert.Equal(id, parsed.Id.ToString());
        Assert.Equal(path, parsed.Path);
    }

    [Theory]
    [InlineData("notes.txt")]
    [InlineData("./demo:/tmp/x")]
    [InlineData("/demo:/tmp/x")]
    [InlineData(":/tmp/x")]
    [InlineData("demo:")]
    public void TryParse_WithoutAnId_IsAPathOfThisMachine(string given) => Assert.Null(SandboxPath.TryParse(given));
}
