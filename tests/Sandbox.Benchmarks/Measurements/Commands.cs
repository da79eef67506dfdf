using System.Diagnostics;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>Short commands: one after another beside docker exec, in a session, and many at once.</summary>
internal static class Commands
{
    private const int Rounds = 20;
    private const int OursPerRound = 50;
    private const int SessionCommands = 1000;
    private const int Sandboxes = 20;
    private const int Callers = 40;
    private static readonly TimeSpan LoadFor = TimeSpan.FromSeconds(6);

    public static async Task RunAsync(Bench bench)
    {
        var id = await bench.StartAsync();
        await CompareAsync(bench, id);
        await SessionAsync(bench, id);
        await bench.RemoveAsync(id);
        await LoadAsync(bench);
    }

    private static async Task CompareAsync(Bench bench, SandboxId id)
    {
        var container = await bench.Engine.ContainerOfAsync(id.ToString());
        var (ours, cli, api) = (new Samples(), new Samples(), new Samples());
        for (var warm = 0; warm < 200; warm++)
        {
            await bench.ExecuteTrueAsync(id);
        }

        for (var round = 0; round < Rounds; round++)
        {
            for (var call = 0; call < OursPerRound; call++)
            {
                await ours.TimeAsync(() => bench.ExecuteTrueAsync(id));
            }

            await cli.TimeAsync(() => DockerExecAsync(container));
            await api.TimeAsync(() => bench.Engine.ExecAsync(container, "true"));
        }

        bench.Add(Row.AtMost("execute true through the API, p50", ours.Median, "ms", 2, $"{ours}"));
        bench.Add(Row.AtLeastAs("execute true: times faster than docker exec", cli.Median / ours.Median, "×", 25, $"docker exec {cli}"));
        bench.Add(
            Row.Info("execute true: times faster than the engine's exec over HTTP", api.Median / ours.Median, "×", $"engine exec {api}"));
    }

    private static async Task SessionAsync(Bench bench, SandboxId id)
    {
        await bench.Client.CreateSessionAsync(id, new CreateSessionRequest { Session = "bench" }, CancellationToken.None);
        var action = new BashAction { Session = "bench", Command = ":" };
        var samples = new Samples();
        for (var command = 0; command < SessionCommands; command++)
        {
            await samples.TimeAsync(() => bench.Client.RunInSessionAsync(id, action, CancellationToken.None));
        }

        bench.Add(Row.AtMost("run_in_session of :, p50", samples.Median, "ms", 5, $"{samples}"));
    }

    private static async Task LoadAsync(Bench bench)
    {
        var ids = new List<SandboxId>();
        for (var made = 0; made < Sandboxes; made++)
        {
            ids.Add(await bench.StartAsync());
        }

        var begin = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(begin) < LoadFor; count++)
            {
                await bench.ExecuteTrueAsync(ids[caller % Sandboxes]);
            }

            return count;
        }));
        var rate = counts.Sum() / Stopwatch.GetElapsedTime(begin).TotalSeconds;

        bench.Add(
            Row.AtLeastAs($"execs/s on {Sandboxes} sandboxes", rate, "/s", 1000, $"{Callers} callers for {LoadFor.TotalSeconds:0} s"));
        await Task.WhenAll(ids.Select(bench.RemoveAsync));
    }

    private static async Task DockerExecAsync(string container)
    {
        using var exec = Process.Start("docker", ["exec", container, "true"]);
        await exec.WaitForExitAsync();
    }
}
