using System.Text.RegularExpressions;
using Sandbox.Benchmarks.Stores;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>Real processes that decide which node is the head, two health services and one Postgres.</summary>
public sealed partial class ElectionTests
{
    [NeedsPostgresFact]
    public async Task Nodes_TwentyAtOnce_OneIsTheHead()
    {
        await using var fleet = await HeadFleet.StartAsync(services: 2, nodes: 20);

        foreach (var node in fleet.Nodes)
        {
            node.Start();
        }

        await Task.WhenAll(fleet.Nodes.Select(node => node.SaysAsync("Mode: ")));

        var heads = new List<string>();
        await Wait.UntilAsync(
            async () =>
            {
                var row = await fleet.HeadAsync();
                heads = [.. fleet.Nodes.Where(node => LastMode(node) == "head").Select(node => node.Name)];
                return row.IsHeld && heads is [var head] && head == row.Node;
            },
            () => $"one node of twenty says it is the head, and holds its lease; those that say so: {string.Join(' ', heads)}");
        var versions = fleet.Nodes.SelectMany(
            node => Version().Matches(node.Log).Select(match => (Version: match.Groups[1].Value, node.Name))).Distinct().ToList();
        Assert.True(
            versions.Count == versions.DistinctBy(taken => taken.Version).Count(),
            $"no lease_version was to be two nodes'; they were: {string.Join(' ', versions)}");
        Assert.True(fleet.Nodes.All(node => node.IsRunning), "every node was to stay");
    }

    [NeedsPostgresFact]
    public async Task Head_PutToSleepAndWoken_WritesNothingAndStepsDown()
    {
        await using var fleet = await HeadFleet.StartAsync(services: 1, nodes: 2);
        await using var sleeps = await SleepingHead.OpenAsync(fleet);
        foreach (var node in fleet.Nodes)
        {
            node.Start();
        }

        for (var trial = 0; trial < 3; trial++)
        {
            await sleeps.SleepAsync();
        }

        Assert.Equal((12, 12), (sleeps.StaleWrites, sleeps.RefusedWrites));
        Assert.Equal((6, 6), (sleeps.StaleHeartbeats, sleeps.RefusedHeartbeats));
        Assert.Equal(3, sleeps.GoodWrites);
    }

    [NeedsPostgresFact]
    public async Task Head_Ends_TheNextIsItAtOnceAndANodeOutsideTheWhitelistFindsIt()
    {
        await using var fleet = await HeadFleet.StartAsync(services: 1, nodes: 2);
        fleet.Nodes[0].Start();
        await fleet.Nodes[0].SaysAsync("Mode: head");
        fleet.Nodes[1].Start();
        await fleet.Nodes[1].SaysAsync("Mode: worker");

        Assert.Equal(0, await fleet.Nodes[0].EndAsync());
        await fleet.Nodes[1].SaysAsync("Mode: head");
        Assert.Equal("n2", (await fleet.HeadFromAsync(2)).Node.Name);

        // Its name for the head is one that cannot be resolved; the health service does.
        await using var other = fleet.MakeNode("n9", ("HEAD_ADDRESS", "no-such-host.invalid:1"));
        other.Start();
        await other.SaysAsync("✗ n9 is not in the whitelist");
        await other.SaysAsync("HEAD_ADDRESS=no-such-host.invalid:1, from the environment");
        await other.SaysAsync("Mode: worker");
        await other.SaysAsync("is not the head");
        await other.SaysAsync("✓ The head answers at 127.0.0.1:");
    }

    private static string LastMode(ClusterProcess node) => Mode().Matches(node.Log) is [.., var last] ? last.Groups[1].Value : "";

    [GeneratedRegex("Mode: (head|worker)")]
    private static partial Regex Mode();

    [GeneratedRegex(@"is the head of the cluster, epoch (\d+)")]
    private static partial Regex Version();
}
