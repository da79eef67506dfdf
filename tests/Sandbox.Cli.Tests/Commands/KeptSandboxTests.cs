using System.Security.Cryptography;
using System.Text.Json;

namespace Sandbox.Cli.Tests.Commands;

public sealed class KeptSandboxTests : IDisposable
{
    private readonly CliProgram _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Run_WithKeep_LeavesASandboxThatOtherProcessesUseUntilItIsRemoved()
    {
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "sh", "-c", "echo kept > here")).Expect(0);

        var listed = JsonDocument.Parse((await _cli.RunAsync("ls", "--json")).Expect(0).Output).RootElement;
        Assert.Equal("demo", listed[0].GetProperty("sandbox_id").GetString());
        Assert.Equal("running", listed[0].GetProperty("state").GetString());
        Assert.StartsWith("demo\trunning\t", (await _cli.RunAsync("ls")).Expect(0).Output, StringComparison.Ordinal);
        Assert.Equal("kept\n", (await _cli.RunAsync("exec", "demo", "--", "cat", "here")).Expect(0).Output);

        Assert.Equal("removed demo\n", (await _cli.RunAsync("rm", "--force", "demo")).Expect(0).Output);
        Assert.Equal("[]\n", (await _cli.RunAsync("ls", "--json")).Expect(0).Output);
    }

    [Fact]
    public async Task Restart_AfterStop_KeepsTheFiles()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "sh", "-c", "echo kept > here")).Expect(0);

        Assert.Equal("stopped demo\n", (await _cli.RunAsync("stop", "demo")).Expect(0).Output);
        Assert.Equal("restarted demo\n", (await _cli.RunAsync("restart", "demo")).Expect(0).Output);
        Assert.Equal("kept\n", (await _cli.RunAsync("exec", "demo", "--", "cat", "here")).Expect(0).Output);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task Cp_OfFilesAndFolders_IsFaithfulBothWays()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        var bytes = RandomNumberGenerator.GetBytes(1_000_003);
        Directory.CreateDirectory(_cli.File("tree/below"));
        await File.WriteAllBytesAsync(_cli.File("tree/below/data"), bytes, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_cli.File("tree/empty"), "", TestContext.Current.CancellationToken);

        (await _cli.RunAsync("cp", _cli.File("tree"), "demo:copied")).Expect(0);
        (await _cli.RunAsync("cp", "demo:copied", _cli.File("back"))).Expect(0);

        Assert.Equal(bytes, await File.ReadAllBytesAsync(_cli.File("back/below/data"), TestContext.Current.CancellationToken));
        Assert.Equal(0, new FileInfo(_cli.File("back/empty")).Length);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    // C29, C16, C07: permission bits come along, and what cannot be copied is told.
    [Fact]
    public async Task Cp_OfKeysPipesAndOddNames_KeepsModesAndTellsWhatItLeftOut()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        using (var made = _cli.StartOther(["bash", "-c", $"mkdir -m 700 {_cli.File("keys")} && cd {_cli.File("keys")} && echo key > id && "
            + "chmod 600 id && ln -s nowhere dangling && mkfifo pipe && touch $'odd\\xff'"]))
        {
            (await made.EndAsync()).Expect(0);
        }

        var copied = (await _cli.RunAsync("cp", _cli.File("keys"), "demo:keys")).Expect(1);
        var inside = (await _cli.RunAsync("exec", "demo", "--", "stat", "-c", "%a %n", "keys", "keys/id")).Expect(0).Output;
        (await _cli.RunAsync("exec", "demo", "--", "bash", "-c", "rm keys/odd* ; mkfifo keys/pipe; touch $'keys/odd\\xff'")).Expect(0);
        var back = (await _cli.RunAsync("cp", "demo:keys", _cli.File("back"))).Expect(1);
        var pipe = (await _cli.RunAsync("cp", _cli.File("keys/pipe"), "demo:x")).Expect(1);

        Assert.Equal("700 keys\n600 keys/id\n", inside);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_cli.File("back/id")));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_cli.File("back")));
        foreach (var said in (string[])[copied.Error, back.Error])
        {
            Assert.Contains("pipe: neither a file nor a folder", said, StringComparison.Ordinal);
            Assert.Contains("its name is not UTF-8", said, StringComparison.Ordinal);
        }

        Assert.Contains("dangling: a link to nothing", copied.Error, StringComparison.Ordinal);
        Assert.Contains("neither a file nor a folder", pipe.Error, StringComparison.Ordinal);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);

        // .NET, which removes what the test leaves, cannot.
        using var cleanup = _cli.StartOther(["bash", "-c", $"rm {_cli.File("keys")}/odd*"]);
        (await cleanup.EndAsync()).Expect(0);
    }

    // C19, C20, C21: as docker: -i gives standard input, without it there is none to take away or to wait for.
    [Fact]
    public async Task Exec_WithAndWithoutInput_TakesItOnlyWhenAsked()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);
        var exec = string.Join(' ', CliProgram.CommandLine("exec").Select(word => $"'{word}'"));
        var shell = string.Join(' ', CliProgram.CommandLine("shell").Select(word => $"'{word}'"));

        async Task<string> RunAsync(string script)
        {
            using var running = _cli.StartOther(["bash", "-c", script]);
            running.CloseInput();
            return (await running.EndAsync()).Expect(0).Output;
        }

        Assert.Equal("hi 1\nhi 2\n", await RunAsync($"printf '1\\n2\\n' | while read l; do {exec} demo -- echo hi $l; done"));
        Assert.Equal("PIPED\n", await RunAsync($"echo piped | {exec} -i demo -- tr a-z A-Z"));
        Assert.Equal("", await RunAsync($"echo piped | {exec} demo -- cat"));
        Assert.Equal("", await RunAsync($"{exec} -i demo -- cat <&-"));
        Assert.Contains(
            "shell needs a terminal", await RunAsync($"{shell} demo </dev/null 2>&1; test $? = 125"), StringComparison.Ordinal);
        using var terminal = _cli.StartOther(
        [
            "script", "--quiet", "--return", "--command",
            $"bash -ic \"set -m; {exec} demo -- sh -c 'sleep 0.2; echo from behind' & wait\"", "/dev/null",
        ]);
        await terminal.SeeAsync("from behind");
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task Exec_Detached_ShowsInPsUntilItIsKilled()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        var pid = (await _cli.RunAsync("exec", "--detach", "demo", "--", "sleep", "600")).Expect(0).Output.Trim();
        var listed = (await _cli.RunAsync("ps", "demo")).Expect(0).Output;

        Assert.Equal($"{pid}\t\tsleep 600\n", listed);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }

    [Fact]
    public async Task Shell_OnATerminal_RunsWhatIsTypedAndReturnsItsCode()
    {
        using var server = await _cli.ServeAsync();
        (await _cli.RunAsync("run", "--keep", "--name", "demo", "--", "true")).Expect(0);

        using var shell = _cli.StartOnTerminal(columns: 77, "shell", "demo", "--", "sh");
        await shell.TypeAsync("echo si''ze $(stty size)\n");
        await shell.SeeAsync("size 40 77");
        await shell.TypeAsync("exit 5\n");

        (await shell.EndAsync()).Expect(5);
        (await _cli.RunAsync("rm", "--force", "demo")).Expect(0);
    }
}
