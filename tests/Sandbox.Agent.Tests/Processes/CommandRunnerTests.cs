using System.Text;
using Sandbox.Agent.Activity;
using Sandbox.Agent.Native;
using Sandbox.Agent.Processes;
using Sandbox.Agent.Tests.Native;

namespace Sandbox.Agent.Tests.Processes;

public sealed class CommandRunnerTests
{
    private readonly CommandRunner _runner = new(Spawning.Spawner, new AgentActivity(TimeProvider.System), TimeProvider.System);

    [Fact]
    public async Task Run_OfACommand_KeepsBothStreamsAndTheCode()
    {
        var outcome = await RunAsync("echo out; echo err >&2; exit 3");

        Assert.Equal(
            ("out\n", "err\n", new ExitStatus(3, 0)),
            (Encoding.UTF8.GetString(outcome.Stdout), Encoding.UTF8.GetString(outcome.Stderr), outcome.Status));
    }

    [Fact]
    public async Task Run_OverItsTime_KillsTheWholeSession()
    {
        var outcome = await RunAsync("sleep 1000 | cat; echo never", TimeSpan.FromMilliseconds(200));

        Assert.True(outcome.TimedOut);
        Assert.Equal(new ExitStatus(0, Signals.Kill), outcome.Status);
        Assert.Empty(outcome.Stdout);
    }

    [Fact]
    public async Task Run_ThatPrintsTooMuch_IsKilledAndSaysSo()
    {
        var outcome = await RunAsync("yes", largest: 100_000);

        Assert.True(outcome.TooMuchOutput);
        Assert.InRange(outcome.Stdout.Length, 1, 100_000);
    }

    [Fact]
    public async Task Run_OfWhatIsMissing_IsAnError()
    {
        var request = new SpawnRequest { Command = "no-such", Env = new Dictionary<string, string>(), WorkingFolder = "/" };

        var outcome = await _runner.RunAsync(request, null, CommandRunner.LargestOutput, CancellationToken.None);

        Assert.Equal(new SpawnError(SpawnFailure.CommandNotFound, "no-such: command not found"), outcome.Error);
    }

    private Task<CommandOutcome> RunAsync(string script, TimeSpan? timeout = null, int largest = CommandRunner.LargestOutput) =>
        _runner.RunAsync(
            new SpawnRequest
            {
                Command = "sh",
                Arguments = ["-c", script],
                Env = new Dictionary<string, string> { ["PATH"] = ProgramPath.DefaultPath },
                WorkingFolder = "/",
            },
            timeout, largest, TestContext.Current.CancellationToken);
}
