using System.Globalization;
using Npgsql;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>Many sandboxes at once through two APIs and three workers: at every pause the records, the live entries and the
/// engine count the same.</summary>
public sealed class FleetTests
{
    /// <summary>How many; more than the default for a longer look (<c>SANDBOX_FLEET=200</c>).</summary>
#pragma warning disable RS0030 // A switch of the person who runs the tests, not of the product.
    private static readonly int Size =
        int.TryParse(Environment.GetEnvironmentVariable("SANDBOX_FLEET"), CultureInfo.InvariantCulture, out var size) ? size : 24;
#pragma warning restore RS0030

    private const int AtOnce = 16;

    [NeedsDockerFact]
    public async Task Fleet_ThroughItsWholeLife_IsCountedAlikeEverywhere()
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup());

        await LiveAsync(cluster, Size);

        if (cluster.Redis is { } redis)
        {
            var published = await redis.CommandAsync("INFO commandstats");
            Assert.True(published.Contains("cmdstat_publish", StringComparison.Ordinal), $"wake-ups were to travel by Redis: {published}");
        }
    }

    [NeedsDockerFact]
    public async Task Fleet_WithoutRedis_LivesTheSameLife()
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { HasRedis = false });

        await LiveAsync(cluster, Size / 3);
    }

    private static async Task LiveAsync(ProcessCluster cluster, int size)
    {
        var ids = Enumerable.Range(0, size).Select(number => $"fleet-{number}").ToList();

        await EachAsync(cluster, ids, (one, id) => one.RunAsync(id));
        await AgreeAsync(cluster, running: size, stopped: 0, "after the start");

        await EachAsync(cluster, ids, async (one, id) => Assert.Equal("", await one.ExecuteAsync(id, $"echo {id} > /kept")));
        await EachAsync(cluster, ids, (one, id) => one.MustPostAsync("stop", new { sandbox_id = id }));
        await AgreeAsync(cluster, running: 0, stopped: size, "after the stop");

        await EachAsync(cluster, ids, async (one, id) =>
        {
            await one.MustPostAsync("restart", new { sandbox_id = id });
            await one.UntilAliveAsync(id);
            Assert.Equal($"{id}\n", await one.ExecuteAsync(id, "cat /kept"));
        });
        await AgreeAsync(cluster, running: size, stopped: 0, "after the restart");

        await EachAsync(cluster, ids, async (one, id) =>
        {
            await one.MustPostAsync("stop", new { sandbox_id = id });
            await one.MustPostAsync("delete", new { sandbox_id = id });
        });
        await AgreeAsync(cluster, running: 0, stopped: 0, "after the delete");
    }

    /// <summary>Every one through one API or the other, some at once.</summary>
    private static Task EachAsync(ProcessCluster cluster, IReadOnlyList<string> ids, Func<RockCaller, string, Task> act) =>
        Parallel.ForEachAsync(
            ids.Select((id, number) => (id, Caller: cluster.Callers[number % cluster.Callers.Count])),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (one, _) => await act(one.Caller, one.id));

    /// <summary>A stop answers when it is written, and the container's work may go on for a moment.</summary>
    private static async Task AgreeAsync(ProcessCluster cluster, int running, int stopped, string when)
    {
        var seen = "";
        await Wait.UntilAsync(
            async () =>
            {
                var records = await RecordsAsync(cluster);
                var (up, all) = (await UpAsync(cluster), (await cluster.ContainersAsync()).Count);
                var live = cluster.Redis is { } redis ? await redis.CountAsync("alive:*") : running;
                seen = $"records {records}, containers {up} up of {all}, live entries {live}";
                return records == (running, stopped, 0) && up == running && all == running + stopped && live == running;
            },
            () => $"{when} {running} run and {stopped} are stopped, with no job left, by every count; seen: {seen}");
    }

    private static async Task<(long Running, long Stopped, long Jobs)> RecordsAsync(ProcessCluster cluster)
    {
        await using var connection = new NpgsqlConnection(cluster.Database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            SELECT count(*) FILTER (WHERE state = 'running'), count(*) FILTER (WHERE state = 'stopped'), (SELECT count(*) FROM jobs)
            FROM sandboxes
            """,
            connection);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    private static async Task<int> UpAsync(ProcessCluster cluster)
    {
        var filters = Uri.EscapeDataString($$"""{"label":["{{DockerCluster.Label}}={{cluster.ClusterId}}"]}""");
        return (await DockerEngine.GetAsync($"containers/json?filters={filters}", CancellationToken.None))!.AsArray().Count;
    }
}
