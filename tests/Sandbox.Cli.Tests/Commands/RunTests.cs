using System.Security.Cryptography;
using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class RunTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Run_OfACommand_PrintsItsOutputAndReturnsItsExitCode()
    {
        var run = (await _cli.RunAsync("run", "--", "sh", "-c", "echo hello; echo trouble >&2; exit 7")).Expect(7);

        Assert.Equal("hello\n", run.Output);
        Assert.EndsWith("trouble\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfACommandThatIsNotThere_SaysSoInOneLineAndReturns127()
    {
        var run = (await _cli.RunAsync("run", "--", "no-such-command-anywhere")).Expect(127);

        Assert.Equal("", run.Output);
        Assert.Contains("no-such-command-anywhere", Assert.Single(Complaints(run)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OfAFileThatIsNoProgram_SaysSoInOneLineAndReturns126()
    {
        var run = (await _cli.RunAsync("run", "--", "/etc/passwd")).Expect(126);

        Assert.Equal("", run.Output);
        Assert.Contains("/etc/passwd", Assert.Single(Complaints(run)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithInput_CarriesEveryByteBothWaysAndItsEnd()
    {
        var bytes = RandomNumberGenerator.GetBytes(3_000_001);
        using var run = _cli.Start("run", "--", "cat");

        await run.Input.WriteAsync(bytes, TestContext.Current.CancellationToken);
        run.CloseInput();

        Assert.Equal(bytes, (await run.EndAsync()).Expect(0).OutputBytes);
    }

    [Fact]
    public async Task Run_OfACommandThatASignalEnds_ReturnsTheShellsCode() =>
        (await _cli.RunAsync("run", "--", "sh", "-c", "kill -9 $$")).Expect(137);

    [Fact]
    public async Task Run_ThatTakesTooLong_EndsTheCommandAndReturns124() =>
        (await _cli.RunAsync("run", "--timeout", "0.5", "--", "sleep", "600")).Expect(124);

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task Run_ThatIsSignalled_PassesItOnAndRemovesTheSandbox(string signal, int expected)
    {
        using var run = _cli.Start("run", "--", "sh", "-c", "echo ready; exec sleep 600");
        await run.SeeAsync("ready");

        run.Signal(signal);

        (await run.EndAsync()).Expect(expected);
        Assert.Equal("[]\n", (await _cli.RunAsync("ls", "--json")).Expect(0).Output);
    }

    [Fact]
    public async Task Run_OfACommandThatHandlesTheInterrupt_ReturnsWhatTheCommandSays()
    {
        using var run = _cli.Start("run", "--", "sh", "-c", "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.1; done");
        await run.SeeAsync("ready");

        run.Signal("INT");

        Assert.Equal("ready\ncaught\n", (await run.EndAsync()).Expect(9).Output);
    }

    [Fact]
    public async Task Run_InterruptedTwice_KillsACommandThatIgnoresTheFirst()
    {
        using var run = _cli.Start("run", "--", "sh", "-c", "trap 'echo no' INT; echo ready; while :; do sleep 0.1; done");
        await run.SeeAsync("ready");

        run.Signal("INT");
        await run.SeeAsync("no");
        run.Signal("INT");

        (await run.EndAsync()).Expect(137);
    }

    [Fact]
    public async Task Run_WhoseReaderLeaves_Ends()
    {
        var pipe = string.Join(' ', CliProgram.CommandLine("run", "--", "yes").Select(word => $"'{word}'")) + " | head -n 1";

        using var shell = _cli.StartOther(["sh", "-c", pipe]);

        Assert.Equal("y\n", (await shell.EndAsync()).Expect(0).Output);
    }

    [Fact]
    public async Task Run_WithEnvAndFiles_FindsThemInside()
    {
        await File.WriteAllTextAsync(_cli.File("hello.sh"), "#!/bin/sh\necho \"$GREETING\"\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(_cli.File("hello.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute);

        var run = await _cli.RunAsync(
            "run", "--env", "GREETING=a=b c", "--file", $"{_cli.File("hello.sh")}:/tmp/hello-{Guid.NewGuid():N}/", "--", "sh", "-c",
            "exec /tmp/hello-*/hello.sh");

        Assert.Equal("a=b c\n", run.Expect(0).Output);
    }

    [Fact]
    public async Task Run_WithJson_PrintsOneObjectPerLine()
    {
        var run = (await _cli.RunAsync("run", "--json", "--", "sh", "-c", "printf 'a\\n'; exit 3")).Expect(3);

        var lines = run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(["start", "stdout", "exit"], lines.Select(line => line.GetProperty("event").GetString()));
        Assert.Equal("YQo=", lines[1].GetProperty("data").GetString());
        Assert.Equal(3, lines[2].GetProperty("exit_code").GetInt32());
        Assert.False(lines[2].GetProperty("timed_out").GetBoolean());
        Assert.Equal(lines[0].GetProperty("sandbox_id").GetString(), lines[2].GetProperty("sandbox_id").GetString());
    }

    [Theory]
    [InlineData("run --cpus 0 -- true", 125, "cpus")]
    [InlineData("run --memory 0g -- true", 125, "memory")]
    [InlineData("run --memory abc -- true", 125, "memory")]
    [InlineData("run --name bad/id -- true", 125, "bad/id")]
    [InlineData("run --timeout 0 -- true", 125, "--timeout")]
    [InlineData("run --env NOVALUE -- true", 125, "--env takes NAME=VALUE, not 'NOVALUE'")]
    [InlineData("run --file nowhere -- true", 125, "--file takes LOCAL:PATH, not 'nowhere'")]
    [InlineData("run --network host -- true", 125, "host")]
    [InlineData("run", 125, "COMMAND")]
    [InlineData("frobnicate", 2, "there is no command 'frobnicate'")]
    [InlineData("pss demo", 2, "there is no command 'pss'; did you mean 'ps'?")]
    [InlineData("node lss", 2, "there is no command 'node lss'; did you mean 'ls'?")]
    [InlineData("ls --quite", 2, "did you mean '--quiet'?")]
    [InlineData("ls --filter state", 2, "--filter takes NAME=VALUE, not 'state'")]
    [InlineData("ls --filter colour=red", 2, "there is no 'colour'")]
    [InlineData("shell nobody", 125, "nobody")]
    [InlineData("inspect nobody", 1, "nobody")]
    [InlineData("wait nobody", 1, "nobody")]
    [InlineData("wait nobody --for ever", 2, "ever")]
    [InlineData("archive nobody", 1, "nobody")]
    [InlineData("restore nobody", 1, "nobody")]
    [InlineData("commit nobody image:1", 1, "nobody")]
    [InlineData("port-forward nobody 80", 1, "nobody")]
    [InlineData("port-forward nobody 0:0", 2, "port-forward takes [LOCAL:]REMOTE")]
    [InlineData("completion tcsh", 2, "tcsh")]
    [InlineData("exec no/id -- true", 125, "'no/id' is not a sandbox id")]
    [InlineData("exec nobody -- true", 125, "nobody")]
    [InlineData("cp a b", 2, "cp takes one path of this machine and one ID:PATH")]
    [InlineData("cp nowhere demo:/x", 1, "there is no file nowhere")]
    public async Task Cli_WithBadInput_SaysWhatInOneLine(string line, int exitCode, string text)
    {
        var run = (await _cli.RunAsync(line.Split(' '))).Expect(exitCode);

        Assert.Equal("", run.Output);
        Assert.Contains(text, Assert.Single(Complaints(run)), StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Lines on standard error but warnings.</summary>
    private static IEnumerable<string> Complaints(CliResult run) =>
        run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("sandbox: warning: ", StringComparison.Ordinal));
}
