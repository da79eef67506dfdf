using System.Diagnostics;
using Sandbox.Benchmarks.Servers;
using Sandbox.Contracts.Envd;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>1 GiB of output to a reader that takes 64 KB/s: nothing is lost, and no process in between grows. The whole at that
/// rate would take hours, so the reader is slow for a while, which fills every buffer there is, and then takes the rest.</summary>
internal static class SlowReader
{
    private const long Total = 1L << 30;
    private const double SlowBytesPerSecond = 64_000;
    private static readonly TimeSpan SlowFor = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(Bench bench)
    {
        var id = await bench.StartAsync();
        await bench.ExecuteTrueAsync(id);
        var agent = await AgentMemory.AgentPidAsync(bench, id);
        var (serverBefore, agentBefore) = (ProcessMemory.Anonymous(bench.Server.Pid), ProcessMemory.Anonymous(agent));
        var (serverMost, agentMost) = (serverBefore, agentBefore);

        // The byte at each place follows from the place, so that a loss, a repetition or a swap would show.
        var request = new StartRequest
        {
            Process = new ProcessConfig { Cmd = "sh", Args = ["-c", "yes 0123456789abcde | head -c 1073741824"] },
            Stdin = false,
        };
        await using var process = await bench.Client.Processes(id).StartAsync(request, CancellationToken.None);
        var begin = Stopwatch.GetTimestamp();
        long place = 0, wrong = 0;
        await foreach (var happened in process.ReadAllAsync(CancellationToken.None))
        {
            foreach (var letter in happened.Data?.Stdout ?? [])
            {
                wrong += letter == (byte)"0123456789abcde\n"[(int)(place++ % 16)] ? 0 : 1;
            }

            if (Stopwatch.GetElapsedTime(begin) < SlowFor)
            {
                await WaitForAsync(begin, place);
                (serverMost, agentMost) = (
                    Math.Max(serverMost, ProcessMemory.Anonymous(bench.Server.Pid)), Math.Max(agentMost, ProcessMemory.Anonymous(agent)));
            }
        }

        bench.Add(
            Row.AtMost("1 GiB to a 64 KB/s reader: bytes lost or wrong", Math.Abs(Total - place) + wrong, "", 0, $"{place:N0} bytes read"));
        bench.Add(Row.AtMost(
            "1 GiB to a 64 KB/s reader: growth of the server", serverMost - serverBefore, "MiB", 16,
            $"{serverBefore:0.0} → {serverMost:0.0} MiB"));
        bench.Add(Row.AtMost(
            "1 GiB to a 64 KB/s reader: growth of the agent", agentMost - agentBefore, "MiB", 16,
            $"{agentBefore:0.0} → {agentMost:0.0} MiB"));
        await bench.RemoveAsync(id);
    }

    private static async Task WaitForAsync(long begin, long bytes)
    {
        var due = TimeSpan.FromSeconds(bytes / SlowBytesPerSecond);
        var left = (due < SlowFor ? due : SlowFor) - Stopwatch.GetElapsedTime(begin);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, TimeProvider.System);
        }
    }
}
