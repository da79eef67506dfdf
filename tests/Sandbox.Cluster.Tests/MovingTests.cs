using System.Collections.Concurrent;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>Nodes that come and go in an orderly way: a sandbox archived on one is restored on another, and a rolling restart
/// of all of them fails no call.</summary>
public sealed class MovingTests
{
    // Hard link, symbolic link, mode, owner, time and an extended attribute, told by name.
    private const string Tree = """
        mkdir -p /tree/sub && cd /tree && echo content > file && ln file sub/hard && ln -s ../file sub/soft
        chmod 4751 file && chown 1234:4321 file sub && chmod 1777 sub && touch -d '2020-02-02 02:02:02' sub/hard
        """;

    private const string Listing =
        "cd /tree && find . | sort | xargs stat -c '%n %f %u %g %h %s %Y' && cat file sub/hard && readlink sub/soft";

    /// <summary>From one call of a user to the next, at least: without it the load takes both cores from the restarts and from the tests
    /// beside this one.</summary>
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    [NeedsDockerFact]
    public async Task Sandbox_ArchivedOnOneNode_IsRestoredOnAnother_AsItWas()
    {
        using var store = new TempFolder();
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Apis = 1,
            Workers = 2,
            Settings = new Dictionary<string, string> { ["Archive__Store"] = "folder", ["Archive__Folder"] = store.Path },
        });
        var caller = cluster.Callers[0];
        await caller.RunAsync("box");
        await caller.ExecuteAsync("box", Tree);
        var before = await caller.ExecuteAsync("box", Listing);
        var first = await HostAsync(caller);
        await caller.MustPostAsync("stop", new { sandbox_id = "box" });
        await caller.MustPostAsync("sandboxes/box/archive", new { });
        await UntilAsync(caller, "archived");
        await Wait.UntilAsync(async () => (await cluster.ContainersAsync()).Count == 0, () => "an archived sandbox has no container");

        Assert.Equal(0, await cluster.Workers.Single(worker => worker.Name == first).EndAsync());
        await caller.MustPostAsync("restart", new { sandbox_id = "box" });
        await caller.UntilAliveAsync("box");

        Assert.Equal(before, await caller.ExecuteAsync("box", Listing));
        Assert.NotEqual(first, await HostAsync(caller));
    }

    [NeedsDockerFact]
    public async Task Workers_RestartedOneAfterAnotherUnderLoad_FailNoRequest()
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup());
        var ids = Enumerable.Range(0, 6).Select(number => $"load-{number}").ToList();
        await Task.WhenAll(ids.Select(id => cluster.Callers[0].RunAsync(id)));
        using var stop = new CancellationTokenSource();
        var failures = new ConcurrentBag<string>();
        var calls = new int[ids.Count];
        var load = Task.WhenAll(ids.Select((id, number) =>
            LoadAsync(cluster.Callers[number % 2], id, count => Volatile.Write(ref calls[number], count), failures, stop.Token)));

        foreach (var worker in cluster.Workers)
        {
            await UntilEachIsCalledAsync(calls, failures);
            Assert.Equal(0, await worker.EndAsync());
            await ProcessCluster.StartWorkerAsync(worker);
        }

        await UntilEachIsCalledAsync(calls, failures);
        await stop.CancelAsync();
        await load;

        Assert.True(failures.IsEmpty, $"of {calls.Sum()} calls none was to fail: {string.Join('\n', failures.Take(5))}");
    }

    /// <summary>Once more than it was by now, so that each restart has load before and after it, on a slow machine too.</summary>
    private static Task UntilEachIsCalledAsync(int[] calls, ConcurrentBag<string> failures)
    {
        var before = calls.ToArray();
        return Wait.UntilAsync(
            () => Task.FromResult(!failures.IsEmpty || calls.Zip(before).All(call => call.First > call.Second)),
            () => $"each sandbox answers once more than it did ({string.Join(' ', before)}): {string.Join(' ', calls)}");
    }

    /// <summary>One command after another, each counted in the sandbox itself.</summary>
    private static async Task LoadAsync(
        RockCaller caller, string id, Action<int> answered, ConcurrentBag<string> failures, CancellationToken stop)
    {
        using var pace = new PeriodicTimer(Pace);
        for (var count = 0; ; answered(++count))
        {
            await pace.WaitForNextTickAsync(CancellationToken.None);
            if (stop.IsCancellationRequested)
            {
                var lines = await caller.ExecuteAsync(id, "wc -l < /counted");
                if (lines.Trim() != $"{count}")
                {
                    failures.Add($"{id}: {count} commands were answered, and {lines.Trim()} had an effect");
                }

                return;
            }

            var answer = await caller.PostAsync("execute", new { sandbox_id = id, shell = true, command = "echo once >> /counted" });
            if (answer.GetProperty("status").GetString() != "Success"
                || answer.GetProperty("result").GetProperty("exit_code").GetInt32() != 0)
            {
                failures.Add($"{id}: {answer}");
                return;
            }
        }
    }

    private static async Task<string?> HostAsync(RockCaller caller) =>
        (await caller.StatusAsync("box")).GetProperty("host_name").GetString();

    private static Task UntilAsync(RockCaller caller, string state)
    {
        var last = default(JsonElement);
        return Wait.UntilAsync(
            async () =>
            {
                last = await caller.StatusAsync("box");
                return last.GetProperty("state").GetString() == state;
            },
            () => $"the sandbox is {state}; its status: {last}");
    }
}
