using Sandbox.Agent.Sessions;
using Sandbox.Contracts.Rock;
using Sandbox.Testing;

namespace Sandbox.Agent.Tests.Sessions;

/// <summary>What start-up files, options and variables do to a session: nothing that loses bytes, hangs or ends it
/// (docs/small-cases.md).</summary>
public sealed class SessionCasesTests(SessionFixture sessions) : IClassFixture<SessionFixture>, IDisposable
{
    private readonly TempFolder _home = new();

    public static TheoryData<string> Shells => ["bash", "dash", "busybox"];

    public void Dispose() => _home.Dispose();

    // C04: the line editor of the shell, in whatever mode, sees nothing but printable ASCII.
    [Theory]
    [InlineData("set -o emacs")]
    [InlineData("set -o vi")]
    [InlineData("export TERM=xterm; bind 'set show-all-if-ambiguous on'")]
    public async Task Run_WithALineEditorFromTheStartUpFiles_KeepsEveryByte(string startUp)
    {
        await File.WriteAllTextAsync(_home.File(".bashrc"), startUp + "\n");
        using var session = await OpenAtHomeAsync();

        var seen = await session.RunAsync("cat <<'END' | od -An -tx1 -v\na\tb\u0001\u0003\u0016\u007fäé!x\nEND");

        Assert.Equal("61 09 62 01 03 16 7f c3 a4 c3 a9 21 78 0a", seen.Output);
    }

    // C05
    [Theory]
    [InlineData("vi")]
    [InlineData("emacs")]
    public async Task Run_AfterALineEditorWasTurnedOn_GoesOn(string mode)
    {
        using var session = await sessions.OpenAsync("bash");

        await session.RunAsync($"set -o {mode}");
        Assert.Equal(("hi", 0), Of(await session.RunAsync("echo hi")));
        Assert.Equal(("a\tb", 0), Of(await session.RunAsync("printf 'a\tb'")));
    }

    // C05, the other way round: bash forgets the rest of the line, and shows no prompt any more.
    [Fact]
    public async Task Run_ThatTurnsTheLineEditorOff_EndsAtItsTimeAndTheSessionGoesOn()
    {
        using var session = await sessions.OpenAsync("bash");

        await Assert.ThrowsAsync<SessionFailure>(() => session.RunAsync("set +o emacs", timeout: 0.5));

        Assert.Equal(("a\tb", 0), Of(await session.RunAsync("printf 'a\tb'")));
    }

    // C13: TMOUT ends a shell that waits at its prompt.
    [Theory]
    [InlineData("bash")]
    [InlineData("busybox")]
    public async Task Run_AfterTheIdleTimeOfAShell_StillRuns(string shell)
    {
        using var session = await sessions.OpenAsync(shell);
        await session.RunAsync("TMOUT=1; export TMOUT");
        using var other = await sessions.OpenAsync("bash");
        await other.RunAsync("sleep 2");

        Assert.Equal(("alive", 0), Of(await session.RunAsync("echo alive")));
    }

    // C13: where it cannot be taken back, the end is explained.
    [Fact]
    public async Task Run_AfterAnIdleTimeThatCannotBeUnset_SaysWhyTheShellEnded()
    {
        using var session = await sessions.OpenAsync("bash");
        await session.RunAsync("readonly TMOUT=1");
        await Running.Wait.UntilAsync(() => session.HasEnded, "a shell with a read-only TMOUT was to end by itself");

        var failure = await Assert.ThrowsAsync<SessionFailure>(() => session.RunAsync(":"));

        Assert.Equal(SessionFailureKind.Ended, failure.Kind);
        Assert.Contains("timed out waiting for input", failure.Message, StringComparison.Ordinal);
    }

    // C14, C33
    [Theory, MemberData(nameof(Shells))]
    public async Task Create_WithoutAnything_HasATerminalThatNobodyLooksAt(string shell)
    {
        using var session = await sessions.OpenAsync(shell);

        var seen = await session.RunAsync("echo $TERM $COLUMNS $PAGER $GIT_PAGER $MANPAGER $SYSTEMD_PAGER $LANG; stty size");

        Assert.Equal("dumb 1000 cat cat cat cat C.UTF-8\r\n50 1000", seen.Output);
    }

    // C14: a caller may set others.
    [Fact]
    public async Task Create_WithVariables_HasThoseOfTheCaller()
    {
        using var session = await sessions.OpenAsync(
            "bash", new() { Env = new Dictionary<string, string> { ["PAGER"] = "more", ["TERM"] = "xterm", ["LC_ALL"] = "C" } });

        Assert.Equal("more xterm C", (await session.RunAsync("echo $PAGER $TERM $LANG$LC_ALL")).Output);
    }

    // C33
    [Fact]
    public async Task Run_OfProgramsThatAskTheTerminal_CutsAndEscapesNothing()
    {
        using var session = await sessions.OpenAsync("bash");
        await File.WriteAllTextAsync(_home.File("café"), "");

        var seen = await session.RunAsync($"cd {_home.Path} && ls; sh -c 'ps -ww -o args= -p $$' {new string('x', 200)}");

        Assert.StartsWith("café", seen.Output, StringComparison.Ordinal);
        Assert.Contains(new string('x', 200), seen.Output, StringComparison.Ordinal);
    }

    // C15
    [Fact]
    public async Task Run_BehindAnotherCommand_IsAnsweredAtItsOwnTime()
    {
        using var session = await sessions.OpenAsync("bash");
        var first = session.RunAsync($"touch {_home.File("started")}; while [ ! -e {_home.File("go")} ]; do sleep 0.05; done; echo first");
        await Running.Wait.UntilAsync(() => File.Exists(_home.File("started")), "the first command was to start");

        var failure = await Assert.ThrowsAsync<SessionFailure>(() => session.RunAsync("echo second", timeout: 0.2));

        Assert.False(first.IsCompleted, "the second caller was to be answered before the first command had ended");
        Assert.Equal(SessionFailureKind.TimedOut, failure.Kind);
        Assert.Contains("was busy with another command for 0.2 seconds", failure.Message, StringComparison.Ordinal);
        await File.WriteAllTextAsync(_home.File("go"), "");
        Assert.Equal(("first", 0), Of(await first));
    }

    // C17: its prompt is its own, but it answers.
    [Fact]
    public async Task Run_ExecOfAnotherShell_EndsAtItsTimeAndTheSessionGoesOn()
    {
        await File.WriteAllTextAsync(_home.File(".bashrc"), "PS1='me$ '\n");
        using var session = await OpenAtHomeAsync();

        var failure = await Assert.ThrowsAsync<SessionFailure>(() => session.RunAsync("exec bash", timeout: 0.5));

        Assert.Equal(SessionFailureKind.TimedOut, failure.Kind);
        Assert.Equal(("clean", 0), Of(await session.RunAsync("echo clean")));
    }

    // C23
    [Fact]
    public async Task Run_WithAnOptionThatChangesTheGrammar_IsReadAsTheSessionReadsIt()
    {
        using var session = await sessions.OpenAsync("bash");
        await session.RunAsync("shopt -s extglob");

        Assert.Equal(("ok", 0), Of(await session.RunAsync("ls -d /etc/!(a*) >/dev/null; echo ok")));
        Assert.Equal(("ok", 0), Of(await session.RunAsync("shopt -u extglob\nshopt -s extglob\n[[ ab == a@(b|c) ]] && echo ok")));
    }

    // C34: its time grows as its length does; before, this took most of a minute. Not the time is asserted, but that it is within what
    // a call may take, on any machine.
    [Theory, MemberData(nameof(Shells))]
    public async Task Run_OfALineOfMegabytes_ArrivesWhole(string shell)
    {
        using var session = await sessions.OpenAsync(shell);
        var text = new string('x', (4 * 1024 * 1024) - 100);

        var seen = await session.RunAsync($"printf %s it\\'s{text} | wc -c", timeout: 40);

        Assert.Equal($"{text.Length + 4}", seen.Output.Trim());
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), ".sandbox-command-*"));
    }

    // C34: as another user, who must be able to read what the agent wrote.
    [Fact]
    public async Task Run_OfALongCommandAsAnotherUser_IsRead()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "becoming another user needs root");
        using var session = await sessions.OpenAsync("bash", new() { RemoteUser = "nobody" });

        Assert.Equal("nobody", (await session.RunAsync($"id -un # {new string('x', 10_000)}")).Output);
    }

    private static (string, int?) Of(Observation seen) => (seen.Output, seen.ExitCode);

    private Task<TestSession> OpenAtHomeAsync() =>
        sessions.OpenAsync("bash", new() { Env = new Dictionary<string, string> { ["HOME"] = _home.Path } });
}
