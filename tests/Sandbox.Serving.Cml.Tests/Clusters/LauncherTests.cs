using System.Diagnostics;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests.Clusters;

/// <summary>The launchers, really run.</summary>
public sealed class LauncherTests : IDisposable
{
    private static readonly string[] Print = ["printenv", "RAY_HEAD_ADDRESS"];

    private readonly TempFolder _folder = new();

    private string Head => _folder.File("launchers/launch_head.py");

    private string Worker => _folder.File("launchers/launch_worker.py");

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Row", "46")]
    public async Task Launchers_Written_AreExecutableAndRunTheirCommandInTheForeground()
    {
        string[] command = ["sh", "-c", "echo \"$0\" {head_port} {dashboard_port} {app_port}", "it's \"q\\uoted\" ☃ $HOME"];
        Write(command, Print);

        var (code, output, _) = await RunAsync(Head, [], ("CDSW_APP_PORT", "8123"));

        Assert.Equal((0, "it's \"q\\uoted\" ☃ $HOME 6379 8265 8123\n"), (code, output));
    }

    [Theory]
    [Trait("Row", "46")]
    [InlineData("exit 7", 7)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("exit 0", 0)]
    public async Task Launcher_WhoseProgramEnds_EndsWithItsExitCode(string script, int expected)
    {
        Write(["sh", "-c", script], ["sh", "-c", script]);

        Assert.Equal(expected, (await RunAsync(Head, [])).Code);
        Assert.Equal(expected, (await RunAsync(Worker, ["head:6379"])).Code);
    }

    [Fact]
    [Trait("Row", "46")]
    public async Task Worker_WithTheHeadsAddress_HandsItOn()
    {
        Write(["true"], ["sh", "-c", "echo $RAY_HEAD_ADDRESS {head_address}"]);

        Assert.Equal("head:6379 head:6379\n", (await RunAsync(Worker, [], ("RAY_HEAD_ADDRESS", "head:6379"))).Output);
        Assert.Equal(
            "other:1 other:1\n", (await RunAsync(Worker, ["other:1"], ("RAY_HEAD_ADDRESS", "head:6379"))).Output);
        // As a kernel is started.
        Assert.Equal(
            "head:6379 head:6379\n", (await RunAsync(Worker, ["-f", "kernel.json"], ("RAY_HEAD_ADDRESS", "head:6379"))).Output);
    }

    [Theory]
    [Trait("Row", "46")]
    [InlineData("")]
    [InlineData("head")]
    [InlineData("head:6379; rm -rf /")]
    public async Task Worker_WithoutAnAddress_EndsWith1AndSaysSo(string address)
    {
        Write(["true"], Print);

        var (code, output, error) = await RunAsync(Worker, [], ("RAY_HEAD_ADDRESS", address));

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("the head's address is missing", error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "46")]
    public async Task Launcher_WithoutItsVirtualEnvironment_EndsWith1AndWithItRunsInIt()
    {
        var venv = _folder.File("venv");
        Write(["sh", "-c", "echo $VIRTUAL_ENV; python --version"], ["true"], venv);

        var (code, _, error) = await RunAsync(Head, []);

        Assert.Equal(1, code);
        Assert.Contains($"the virtual environment {venv} is missing", error, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(venv, "bin"));
        var python = Path.Combine(venv, "bin", "python");
        await File.WriteAllTextAsync(python, "#!/bin/sh\necho the environment\n");
        File.SetUnixFileMode(python, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Equal($"{venv}\nthe environment\n", (await RunAsync(Head, [])).Output);
    }

    [Fact]
    [Trait("Row", "46")]
    public async Task Launcher_WhoseProgramIsMissing_EndsWith1AndNamesIt()
    {
        Write(["no-such-program"], ["true"]);

        var (code, _, error) = await RunAsync(Head, []);

        Assert.Equal(1, code);
        Assert.Contains("no-such-program does not run", error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "46")]
    public async Task Launcher_ToldToEnd_TellsItsProgram()
    {
        Write(["sh", "-c", "trap 'echo ended; exit 3' TERM; echo started; while :; do read -r line; done"], ["true"]);
        using var launcher = Start(Head, []);
        Assert.Equal("started", await launcher.StandardOutput.ReadLineAsync());

        using (var kill = Process.Start("kill", ["-TERM", $"{launcher.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        Assert.Equal("ended", await launcher.StandardOutput.ReadLineAsync());
        await launcher.WaitForExitAsync();
        Assert.Equal(3, launcher.ExitCode);
    }

    /// <summary>The program tells its launcher to end before anything else: the launcher has to tell it so in its turn.</summary>
    [Fact]
    [Trait("Row", "46")]
    public async Task Launcher_ToldToEnd_AsItsProgramBegins_TellsItToo()
    {
        Write(["sh", "-c", "trap 'echo ended; exit 3' TERM; kill -TERM $PPID; while :; do sleep 0.1; done"], ["true"]);

        var (code, output, _) = await RunAsync(Head, []);

        Assert.Equal((3, "ended\n"), (code, output));
    }

    private void Write(string[] head, string[] worker, string? venv = null) => LauncherScripts.Write(
        new LauncherOptions
        {
            HeadCommand = [.. head],
            WorkerCommand = [.. worker],
            VirtualEnvironment = venv,
            WorkerDelay = TimeSpan.Zero,
        },
        Head, Worker);

    private static Process Start(string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(script, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(
        string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(script, arguments, environment);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
