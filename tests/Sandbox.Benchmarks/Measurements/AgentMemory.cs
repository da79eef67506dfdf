using Sandbox.Benchmarks.Servers;
using Sandbox.Contracts.Ids;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>The agent's file, and its memory after work and rest.</summary>
internal static class AgentMemory
{
    private const int Execs = 1000;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(Bench bench)
    {
        var file = new FileInfo(Path.Combine(bench.Root, "artifacts", "agent", "linux-x64", "sandbox-agent"));
        bench.Add(Row.AtMost("agent: file", file.Length / 1e6, "MB", 12, "static, linux-x64"));

        var id = await bench.StartAsync();
        for (var exec = 0; exec < Execs; exec++)
        {
            await bench.ExecuteTrueAsync(id);
        }

        var pid = await AgentPidAsync(bench, id);
        var busy = ProcessMemory.Anonymous(pid);
        await Task.Delay(Rest, TimeProvider.System);
        bench.Add(Row.AtMost(
            "agent: anonymous memory after 1,000 execs and 60 s idle", ProcessMemory.Anonymous(pid), "MiB", 12,
            $"right after the execs {busy:0.0} MiB"));
        await bench.RemoveAsync(id);
    }

    public static async Task<int> AgentPidAsync(Bench bench, SandboxId id)
    {
        var processes = await bench.Engine.ProcessesAsync(await bench.Engine.ContainerOfAsync(id.ToString()));
        return processes.First(process => process.Command.Split(' ')[0].EndsWith("/sandbox-agent", StringComparison.Ordinal)).Pid;
    }
}
