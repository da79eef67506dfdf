using Sandbox.Agent.Activity;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Tests.Native;
using Sandbox.Agent.Text;

namespace Sandbox.Agent.Tests.Processes;

public sealed class CommandRunnerTests
{
    private readonly CommandRunner _runner = new(Spawning.Spawner, new AgentActivity(TimeProvider.System), TimeProvider.System);

    [Fact]
    public async Task Run_OfACommand_KeepsBothStreamsAndTheCode()
    {
        using var outcome = await RunAsync("echo out; echo err >&2; exit 3");

        Assert.Equal(
            ("out\n", "err\n", new ExitStatus(3, 0)),
            (SpooledText.Whole(outcome.Stdout), SpooledText.Whole(outcome.Stderr), outcome.Status));
    }

    [Fact]
    public async Task Run_OverItsTime_KillsTheWholeSession()
    {
        using var outcome = await RunAsync("sleep 1000 | cat; echo never", TimeSpan.FromMilliseconds(200));

        Assert.True(outcome.TimedOut);
        Assert.Equal(new ExitStatus(0, Signals.Kill), outcome.Status);
        Assert.Equal(0, outcome.Stdout.Length);
    }

    [Fact]
    public async Task Run_ThatPrintsTooMuch_IsKilledAndSaysSo()
    {
        using var outcome = await RunAsync("yes", largest: 100_000);

        Assert.True(outcome.TooMuchOutput);
        Assert.InRange(outcome.Stdout.Length, 1, 100_000);
    }

    // C03: a process substitution, or the end of a pipeline, has words left when the command itself has ended.
    [Theory]
    [InlineData("bash", "echo hi > >(sleep 0.5; cat)", "hi\n")]
    [InlineData("bash", "seq 3 > >(sleep 0.3; sort -r)", "3\n2\n1\n")]
    [InlineData("sh", "(sleep 0.3; echo late) & echo first", "first\nlate\n")]
    public async Task Run_OfACommandThatEndsBeforeItsOutput_WaitsForTheOutput(string shell, string script, string expected)
    {
        using var outcome = await RunAsync(script, shell: shell);

        Assert.Equal(expected, SpooledText.Whole(outcome.Stdout));
    }

    // C03: what is left behind for ever does not hold the answer, and is not killed with a command that was in time.
    [Fact]
    public async Task Run_LeavingAProcessThatHoldsThePipe_EndsInTimeAndLetsItLive()
    {
        using var outcome = await RunAsync("sleep 1000 & echo $!", TimeSpan.FromSeconds(1));
        var pid = int.Parse(SpooledText.Whole(outcome.Stdout), System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal((false, new ExitStatus(0, 0)), (outcome.TimedOut, outcome.Status));
        Assert.True(Directory.Exists($"/proc/{pid}"), "the process in the background was to live on: its command had ended in time");
        using var _ = await RunAsync($"kill -9 {pid}");
    }

    [Fact]
    public async Task Run_OfWhatIsMissing_IsAnError()
    {
        var request = new SpawnRequest { Command = "no-such", Env = new Dictionary<string, string>(), WorkingFolder = "/" };

        using var outcome = await _runner.RunAsync(request, null, CommandRunner.LargestOutput, CancellationToken.None);

        Assert.Equal(new SpawnError(SpawnFailure.CommandNotFound, "no-such: command not found"), outcome.Error);
    }

    // C11: the kernel takes 131,071 bytes in one argument or variable; which one was too long is said.
    [Theory]
    [InlineData(131_071 - 2, 1, null)]
    [InlineData(131_072 - 2, 1, "The variable V with its name is longer than 131071 bytes, which the kernel refuses.")]
    [InlineData(1, 131_072, "Argument 3 of sh is longer than 131071 bytes, which the kernel refuses.")]
    public async Task Run_WithMoreThanTheKernelTakes_NamesIt(int variable, int argument, string? reason)
    {
        var request = new SpawnRequest
        {
            Command = "sh",
            Arguments = ["-c", "true", new string('a', argument)],
            Env = new Dictionary<string, string> { ["PATH"] = ProgramPath.DefaultPath, ["V"] = new string('v', variable) },
            WorkingFolder = "/",
        };

        using var outcome = await _runner.RunAsync(request, null, CommandRunner.LargestOutput, CancellationToken.None);

        Assert.Equal(reason, outcome.Error?.Message);
    }

    private Task<CommandOutcome> RunAsync(
        string script, TimeSpan? timeout = null, int largest = CommandRunner.LargestOutput, string shell = "sh") =>
        _runner.RunAsync(
            new SpawnRequest
            {
                Command = shell,
                Arguments = ["-c", script],
                Env = new Dictionary<string, string> { ["PATH"] = ProgramPath.DefaultPath },
                WorkingFolder = "/",
            },
            timeout, largest, TestContext.Current.CancellationToken);
}
