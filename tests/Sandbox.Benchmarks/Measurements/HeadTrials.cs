using System.Diagnostics;
using Sandbox.Benchmarks.Stores;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>Heads that are killed, and heads that sleep and wake: how long a cluster is without one, and what a head that is none any
/// more can still write. Processes of the real worker program, two health services, one Postgres.</summary>
internal static class HeadTrials
{
    private const int Kills = 50;
    private const int Sleeps = 200;

    // Only so that two hundred of them take minutes and not hours; the kills are with the default.
    private static readonly TimeSpan SleepersLease = TimeSpan.FromMilliseconds(600);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync(Sheet sheet)
    {
        await FailOverAsync(sheet);
        await SleepAsync(sheet);
    }

    private static async Task FailOverAsync(Sheet sheet)
    {
        await using var fleet = await HeadFleet.StartAsync(services: 2, nodes: 3);
        await StartAsync(fleet);
        var took = new Samples();
        var grewByOne = 0;
        for (var kill = 0; kill < Kills; kill++)
        {
            var (head, row) = await fleet.HeadFromAsync(1);
            await Task.WhenAll(fleet.Nodes.Where(node => node != head).Select(node => node.SaysAsync("Mode: ")));
            HeadRow next = row;
            await took.TimeAsync(async () =>
            {
                await head.KillAsync();
                using var ticks = new PeriodicTimer(LookEvery);
                while (next.Epoch == row.Epoch && await ticks.WaitForNextTickAsync())
                {
                    next = await fleet.HeadAsync();
                }
            });
            grewByOne += next.Epoch == row.Epoch + 1 && next.Node != row.Node ? 1 : 0;
            head.Start();
        }

        sheet.Add(
            Row.AtMost(
                "head fail-over p99, from kill -9 to the next head's lease, default timings", took.Percentile(99), "ms", 3000, $"{took}"));
        sheet.Add(Row.AtLeastAs("take-overs by another node with a lease_version grown by one", grewByOne, "", Kills, $"of {Kills} kills"));
    }

    private static async Task SleepAsync(Sheet sheet)
    {
        await using var fleet = await HeadFleet.StartAsync(services: 2, nodes: 2, SleepersLease);
        await using var sleeps = await SleepingHead.OpenAsync(fleet);
        await StartAsync(fleet);
        var begun = Stopwatch.GetTimestamp();
        for (var trial = 0; trial < Sleeps; trial++)
        {
            await sleeps.SleepAsync();
        }

        var detail =
            $"{Sleeps} trials of SIGSTOP and SIGCONT in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0} s; {sleeps.GoodWrites} of the "
                + $"same writes under the lease that counts were done";
        sheet.Add(Row.AtLeastAs("stale writes attempted under a sleeping head's lease", sleeps.StaleWrites, "", 200, detail));
        sheet.Add(Row.AtMost("of them written", sleeps.StaleWrites - sleeps.RefusedWrites, "", 0, detail));
        sheet.Add(
            Row.AtMost(
                "late heartbeats not refused with 409", sleeps.StaleHeartbeats - sleeps.RefusedHeartbeats, "", 0,
                $"of {sleeps.StaleHeartbeats}"));
    }

    private static async Task StartAsync(HeadFleet fleet)
    {
        foreach (var node in fleet.Nodes)
        {
            node.Start();
        }

        await Task.WhenAll(fleet.Nodes.Select(node => node.SaysAsync("Mode: ")));
    }
}
