using Sandbox.Cli.Processes;
using Sandbox.Contracts.Envd;

namespace Sandbox.Cli.Tests.Processes;

public sealed class SignalNamesTests
{
    [Theory]
    [InlineData("signal: killed", 137)]
    [InlineData("signal: terminated", 143)]
    [InlineData("signal: interrupt", 130)]
    [InlineData("signal: segmentation fault (core dumped)", 139)]
    [InlineData("signal: signal 40", 168)]
    [InlineData("something else", 1)]
    [InlineData(null, 1)]
    public void ExitCodeOf_EndedByASignal_IsThatOfAShell(string? status, int expected) =>
        Assert.Equal(expected, SignalNames.ExitCodeOf(new ProcessEnded(-1, Exited: false, status!)));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public void ExitCodeOf_EndedByItself_IsItsOwn(int code) =>
        Assert.Equal(code, SignalNames.ExitCodeOf(new ProcessEnded(code, Exited: true, $"exit status {code}")));
}
