using Sandbox.Agent.Files;

namespace Sandbox.Agent.Tests.Files;

public sealed class SandboxPathTests
{
    [Theory]
    [InlineData("/a/b", "/a/b")]
    [InlineData("/a//b/./c/", "/a/b/c")]
    [InlineData("/a/../../etc", "/etc")]
    [InlineData("..", "/home")]
    [InlineData("", "/home/u")]
    [InlineData("~", "/home/u")]
    [InlineData("~/x", "/home/u/x")]
    [InlineData("~other", "/home/u/~other")]
    [InlineData("x/y", "/home/u/x/y")]
    [InlineData("/", "/")]
    public void Resolve_AnyPath_IsAbsoluteAndPlain(string path, string resolved) =>
        Assert.Equal(resolved, SandboxPath.Resolve(path, "/home/u"));

    [Fact]
    public void Resolve_WithNul_IsRefused()
    {
        var failure = Assert.Throws<FileFailure>(() => SandboxPath.Resolve("/tmp/a\0b", "/"));

        Assert.Equal(FileFailureKind.InvalidPath, failure.Kind);
        Assert.Equal("a path must not contain a NUL character", failure.Message);
    }

    [Fact]
    public void Resolve_LongerThanTheKernelTakes_IsRefused() =>
        Assert.Equal(
            FileFailureKind.InvalidPath, Assert.Throws<FileFailure>(() => SandboxPath.Resolve("/" + new string('a', 5000), "/")).Kind);
}
