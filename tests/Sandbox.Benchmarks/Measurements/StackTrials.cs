using System.Diagnostics;
using Sandbox.Benchmarks.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>The full local stack: how long from <c>dotnet run</c> to a sandbox that runs, and what it holds while nobody asks anything.</summary>
internal static class StackTrials
{
    private const int Starts = 5;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync(string root, Sheet sheet)
    {
        await StackProcess.BuildAsync(root);
        List<double> took = [];
        for (var start = 1; start <= Starts; start++)
        {
            var begun = Stopwatch.GetTimestamp();
            await using var stack = StackProcess.Start(root);
            using var client = new SandboxClient(await stack.Api, null);
            var sandbox = await FirstAsync(client);
            took.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            await client.StopAsync(sandbox, CancellationToken.None);
            await stack.Whole;
            if (start == Starts)
            {
                await Task.Delay(Idle, TimeProvider.System, CancellationToken.None);
                var (parts, hosts, processes) = stack.Memory();
                sheet.Add(Row.AtMost(
                    "whole control plane idle, proportional set size", parts, "MiB", 500,
                    $"{processes} processes: Health.Service, 2 APIs, 4 workers, Postgres, Redis; after {Idle.TotalSeconds:0} s of idling"));
                sheet.Add(Row.Info("beside it: the AppHost and dotnet run", hosts, "MiB", ""));
            }
        }

        var sorted = took.Order().ToList();
        sheet.Add(Row.AtMost(
            "dotnet run --project AppHost (built) to a sandbox that runs, the slowest", sorted[^1], "s", 15,
            $"{Starts} starts on new databases: {string.Join(", ", took.Select(one => one.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)))} s; p50 {sorted[Starts / 2]:0.0} s"));
    }

    /// <summary>Asked again until a node is there that takes it.</summary>
    private static async Task<SandboxId> FirstAsync(SandboxClient client)
    {
        using var ticks = new PeriodicTimer(LookEvery);
        while (true)
        {
            try
            {
                return SandboxId.Parse((await client.StartAndWaitAsync(Bench.NewSandbox(), null, CancellationToken.None)).SandboxId!);
            }
            catch (SandboxClientException)
            {
                await ticks.WaitForNextTickAsync();
            }
        }
    }
}
