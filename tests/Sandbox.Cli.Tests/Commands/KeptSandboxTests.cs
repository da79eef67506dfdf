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
