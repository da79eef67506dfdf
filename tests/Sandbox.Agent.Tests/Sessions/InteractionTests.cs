using Sandbox.Agent.Sessions;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Tests.Sessions;

public sealed class InteractionTests(SessionFixture sessions) : IClassFixture<SessionFixture>
{
    // A program that prompts and answers, in any shell.
    private const string Program = "while printf '>>> '; read line; do [ \"$line\" = quit ] && break; echo \"got $line\"; done";

    public static TheoryData<string> Shells => ["bash", "dash", "busybox"];

    [Theory, MemberData(nameof(Shells))]
    public async Task Interact_ToQuit_TalksToTheProgramAndComesBack(string shell)
    {
        using var session = await sessions.OpenAsync(shell);

        var started = await session.RunAsync(Interactive($"sh -c '{Program.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var answered = await session.RunAsync(Interactive("hello"));
        var left = await session.RunAsync(new BashAction { Command = "quit", IsInteractiveQuit = true });

        Assert.Equal((">>> ", 0), (started.ExpectString, started.ExitCode));
        Assert.Equal(("got hello", ">>> ", 0), (answered.Output, answered.ExpectString, answered.ExitCode));
        Assert.Equal(("", "SHELLPS1PREFIX"), (left.Output, left.ExpectString));
        Assert.Equal("back", (await session.RunAsync("echo back")).Output);
    }

    [Fact]
    public async Task Interact_Python_ComputesAndQuits()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "python3 is not installed");
        using var session = await sessions.OpenAsync("bash");

        var started = await session.RunAsync(Interactive("python3"));
        var answer = await session.RunAsync(Interactive("6 * 7"));
        await session.RunAsync(new BashAction { Command = "quit()", IsInteractiveQuit = true });

        Assert.Contains("Python", started.Output, StringComparison.Ordinal);
        Assert.Equal("42", answer.Output);
        Assert.Equal("back", (await session.RunAsync("echo back")).Output);
    }

    [Fact]
    public async Task Run_WithExpectedText_ReturnsAtItAndTypesTheNextIntoTheProgram()
    {
        using var session = await sessions.OpenAsync("bash");

        var started = await session.RunAsync(Program, check: "raise", expect: [@">>+ $"]);
        var answer = await session.RunAsync("hello", expect: [@">>+ $"]);
        var left = await session.RunAsync("quit");

        Assert.Equal((@">>+ $", null), (started.ExpectString, started.ExitCode));
        Assert.Equal("got hello", answer.Output);
        Assert.Equal((0, "SHELLPS1PREFIX"), (left.ExitCode, left.ExpectString));
        Assert.Equal("back", (await session.RunAsync("echo back")).Output);
    }

    [Fact]
    public async Task Run_WithExpectedTextThatNeverComes_EndsWithTheCommand()
    {
        using var session = await sessions.OpenAsync("bash");

        var seen = await session.RunAsync("echo a", expect: ["never", "(?P<name>neither)"]);

        Assert.Equal(("a", 0, "SHELLPS1PREFIX"), (seen.Output, seen.ExitCode, seen.ExpectString));
    }

    [Fact]
    public async Task Run_WithBadPattern_IsRefused()
    {
        using var session = await sessions.OpenAsync("bash");

        var failure = await Assert.ThrowsAsync<SessionFailure>(() => session.RunAsync("echo a", expect: ["("]));

        Assert.Equal(SessionFailureKind.InvalidRequest, failure.Kind);
    }

    [Fact]
    public async Task Interact_PastItsTime_LeavesTheProgramUntilItQuits()
    {
        using var session = await sessions.OpenAsync("bash");
        await session.RunAsync(Interactive(Program));

        var failure = await Assert.ThrowsAsync<SessionFailure>(
            () => session.RunAsync(new BashAction { Command = "x", IsInteractiveCommand = true, Expect = ["never"], Timeout = 0.2 }));
        await session.RunAsync(new BashAction { Command = "quit", IsInteractiveQuit = true });

        Assert.Equal(SessionFailureKind.TimedOut, failure.Kind);
        Assert.Equal("back", (await session.RunAsync("echo back")).Output);
    }

    private static BashAction Interactive(string command) => new() { Command = command, IsInteractiveCommand = true, Expect = [">>> "] };
}
