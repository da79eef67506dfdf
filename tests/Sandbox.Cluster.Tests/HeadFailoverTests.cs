using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>The head is killed while the cluster is used.</summary>
public sealed class HeadFailoverTests
{
    /// <summary>From one call of a user to the next, at least: without it the load takes both cores from the election and from the tests
    /// beside this one.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    [NeedsDockerFact]
    public async Task Head_KilledUnderLoad_TheNextOfTheWhitelistGoesOnAndNoSandboxIsHarmed()
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Apis = 1,
            Workers = 3,
            Healths = 2,
            // Capacity for five on each: no node can be so much quicker than the others that it has all eight.
            OfWorker = (_, _) => [("Worker__Capacity__Cpus", "2.5")],
            // A head that is short of time for a second is still the head.
            Settings = new Dictionary<string, string> { ["Health__Lease"] = "00:00:06" },
        });
        var caller = cluster.Callers[0];
        string[] ids = [.. Enumerable.Range(1, 8).Select(number => $"box-{number}")];
        await Task.WhenAll(ids.Select(id => caller.RunAsync(id)));
        await Task.WhenAll(ids.Select(id => caller.ExecuteAsync(id, $"echo {id} > /tmp/mine")));
        var row = await HeadRow.ReadAsync(cluster.Database);
        var head = cluster.Workers.Single(worker => worker.Name == row.Node);
        var next = cluster.Workers.Single(worker => worker.Name is "w1" or "w2" && worker != head);
        var elsewhere = new List<string>();
        foreach (var id in ids)
        {
            if ((await caller.StatusAsync(id)).GetProperty("host_name").GetString() != head.Name)
            {
                elsewhere.Add(id);
            }
        }

        Assert.True(elsewhere.Count > 0, "some sandboxes were to be on other nodes than the head's");
        using var enough = new CancellationTokenSource();
        var load = Task.WhenAll(elsewhere.Select(id => UseAsync(caller, id, enough.Token)));

        await head.KillAsync();
        var taken = row;
        await Wait.UntilAsync(
            async () => (taken = await HeadRow.ReadAsync(cluster.Database)) is { IsHeld: true } && taken.Node == next.Name,
            () => $"{next.Name} takes the lease of the head, which {head.Name} had as {row}: {taken}");

        // By how much is not for sure: a head that was short of time for a whole lease has taken it once more itself.
        Assert.True(taken.Epoch > row.Epoch, $"each head was to have a lease_version of its own: {row} then {taken}");
        await next.SaysAsync($"this node is the head, lease_version {taken.Epoch}");
        await next.SaysAsync("Mode: head");

        // Back before its sandboxes would be called lost.
        await ProcessCluster.StartWorkerAsync(head);

        // A duty of the head alone: what was stopped for longer than it said is deleted. Begun only now, because one on the killed
        // head's node would be lost, and so stopped and deleted, by itself on a machine that is slow enough.
        await caller.RunAsync("leaves", ("auto_delete_seconds", 1));
        await caller.MustPostAsync("stop", new { sandbox_id = "leaves" });
        await DeletedAsync(cluster, "leaves");

        await enough.CancelAsync();
        var calls = (await load).Sum();
        Assert.True(calls > 0, "the sandboxes were to be used all the while");
        foreach (var id in ids)
        {
            await UntilMineAsync(caller, id);
        }

        await cluster.Workers.Single(worker => worker.Name == "w3").SaysAsync("✗ w3 is not in the whitelist");

        // Without any health service the duties go on.
        await Task.WhenAll(cluster.Healths.Select(health => health.KillAsync()));
        await caller.RunAsync("leaves-too", ("auto_delete_seconds", 1));
        await caller.MustPostAsync("stop", new { sandbox_id = "leaves-too" });
        await DeletedAsync(cluster, "leaves-too");
    }

    /// <summary>One call after the other; each must succeed. How many there were.</summary>
    private static async Task<int> UseAsync(RockCaller caller, string id, CancellationToken enough)
    {
        var calls = 0;
        using var pace = new PeriodicTimer(Pace);
        do
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            Assert.Equal($"{id}\n", await caller.ExecuteAsync(id, "cat /tmp/mine"));
            calls++;
        }
        while (!enough.IsCancellationRequested);

        return calls;
    }

    private static async Task DeletedAsync(ProcessCluster cluster, string id)
    {
        var state = "";
        await Wait.UntilAsync(
            async () =>
            {
                await using var connection = new Npgsql.NpgsqlConnection(cluster.Database);
                await connection.OpenAsync();
                await using var command = new Npgsql.NpgsqlCommand(
                    "SELECT state FROM sandboxes WHERE id = $1", connection)
                { Parameters = { new() { Value = id } } };
                state = (string?)await command.ExecuteScalarAsync() ?? "none";
                return state == "deleted";
            },
            () => $"{id} is deleted by the new head; its state: {state}");
    }

    private static Task UntilMineAsync(RockCaller caller, string id)
    {
        var last = default(System.Text.Json.JsonElement);
        return Wait.UntilAsync(
            async () =>
            {
                last = await caller.PostAsync("execute", new { sandbox_id = id, shell = true, command = "cat /tmp/mine" });
                return last.GetProperty("status").GetString() == "Success"
                    && last.GetProperty("result").GetProperty("stdout").GetString() == $"{id}\n";
            },
            () => $"{id} still has its file; the last answer: {last}");
    }
}
