using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Cluster.Tests;

/// <summary>A worker falls asleep in the middle of a start, with the container made and running and the engine's answer still on its
/// way; it wakes after its lease, when another has started the same sandbox.</summary>
public sealed class SleepingNodeTests
{
    private static readonly TimeSpan GoneWithin = TimeSpan.FromSeconds(30);

    [NeedsDockerFact]
    public async Task Worker_StoppedThroughItsLeaseAndContinued_IsNeverRoutedTo_AndItsDuplicateGoes()
    {
        await using var relay = new EngineRelay();
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { Workers = 1, DockerHost = relay.Address });
        var (caller, sleeper) = (cluster.Callers[0], cluster.Workers[0]);
        relay.Trap("POST", "/start", RelayFault.HoldAnswer);
        await Wait.UntilAsync(
            async () => (await caller.StartAsync("box")).GetProperty("status").GetString() == "Success", () =>
                "a sandbox is accepted once a node can run it");
        await relay.Sprung.WaitAsync(ClusterProcess.Generous);
        sleeper.Pause();
        var duplicate = Assert.Single(await cluster.ContainersAsync());

        await using var other = cluster.MakeWorker("w2", "w2", ("Worker__DockerHost", ""));
        await ProcessCluster.StartWorkerAsync(other);
        await caller.UntilAliveAsync("box");
        await caller.ExecuteAsync("box", "echo before >> /marks");
        Assert.Equal("w2", await HostAsync(cluster.Callers[1]));
        Assert.Contains(duplicate, await cluster.ContainersAsync());

        relay.LetGo();
        sleeper.Continue();
        var woke = TimeProvider.System.GetTimestamp();
        IReadOnlyList<string> containers = [];
        var calls = 0;
        await Wait.UntilAsync(
            async () =>
            {
                // Each call that is answered is answered by the one container that has the first mark.
                Assert.Equal("before\n", await caller.ExecuteAsync("box", "cat /marks"));
                Assert.Equal("w2", await HostAsync(cluster.Callers[calls++ % 2]));
                return !(containers = await cluster.ContainersAsync()).Contains(duplicate);
            },
            () => $"the duplicate {duplicate} is removed by the node that made it: {string.Join(' ', containers)}");
        var took = TimeProvider.System.GetElapsedTime(woke);
        TestContext.Current.TestOutputHelper?.WriteLine($"the duplicate was gone {took} after its node woke");

        Assert.True(took < GoneWithin, $"the duplicate was to be gone within {GoneWithin} after its node woke, not after {took}");
        Assert.Single(containers);
        await sleeper.SaysAsync("has lost its lease");
        await sleeper.SaysAsync("its double here was removed");
        Assert.Equal("before\n", await cluster.Callers[1].ExecuteAsync("box", "cat /marks"));
    }

    private static async Task<string?> HostAsync(RockCaller caller)
    {
        JsonElement status = await caller.StatusAsync("box");
        return status.GetProperty("host_name").GetString();
    }
}
