using System.Diagnostics;
using System.Globalization;
using Sandbox.Benchmarks.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>
/// The full local stack: how long from <c>dotnet run</c> to a sandbox that runs, and what it holds while it gets no requests.
/// </summary>
internal static class StackTrials
{
    private const int Starts = 5;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    public static async Task RunAsync(string root, Sheet sheet)
    {
        await StackProcess.BuildAsync(root);
        List<double> first = [], whole = [], gone = [];
        for (var start = 1; start <= Starts; start++)
        {
            var begun = Stopwatch.GetTimestamp();
            await using var stack = StackProcess.Start(root);
            using var client = new SandboxClient(stack.Api, null);
            var sandbox = await FirstAsync(client);
            first.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            await stack.Whole;
            whole.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            await client.StopAsync(sandbox, CancellationToken.None);
            if (start == Starts)
            {
                await Task.Delay(Idle, TimeProvider.System, CancellationToken.None);
                var (ours, processes, aspire) = stack.Memory();
                sheet.Add(Row.AtMost(
                    "whole control plane idle, proportional set size", ours, "MiB", 650,
                    $"{processes} processes: Health.Service, 2 APIs, 4 workers, all sending to the dashboard; "
                    + $"after {Idle.TotalSeconds:0} s of idling"));
                sheet.Add(Row.Info("beside it: AppHost, dashboard and orchestrator", aspire, "MiB", ""));
            }

            gone.Add((await stack.EndAsync()).TotalSeconds);
        }

        sheet.Add(Slowest(
            "dotnet run --project AppHost (built) to a sandbox that runs, the slowest", first, 35, "starts on new databases"));
        sheet.Add(Slowest("the same to all four nodes, the slowest", whole, 50, "starts"));
        sheet.Add(Slowest("from Ctrl-C until nothing of the stack runs, the slowest", gone, 20, "ends"));
    }

    private static Row Slowest(string what, List<double> seconds, double budget, string of)
    {
        var sorted = seconds.Order().ToList();
        var each = string.Join(", ", seconds.Select(one => one.ToString("0.0", CultureInfo.InvariantCulture)));
        return Row.AtMost(
            what, sorted[^1], "s", budget,
            $"{seconds.Count} {of}: {each} s; p50 {sorted[seconds.Count / 2]:0.0} s");
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
            catch (Exception exception) when (exception is SandboxClientException or HttpRequestException)
            {
                await ticks.WaitForNextTickAsync();
            }
        }
    }
}
