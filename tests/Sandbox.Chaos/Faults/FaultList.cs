using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Nodes;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos.Faults;

/// <summary>Every fault that a cluster of processes on this machine can be made to bear.</summary>
public sealed class FaultList(
    ProcessCluster cluster, IReadOnlyList<HarmableNode> nodes, PrivateEngine? engine, StoreReader store, Action<string> complain,
    TimeProvider time)
{
    private const string Workers = "workers", Apis = "apis";

    private static readonly TimeSpan HeadWithin = TimeSpan.FromSeconds(30), LookEvery = TimeSpan.FromMilliseconds(200);

    public IEnumerable<IFault> All => [.. OfProcesses(), .. OfNodes(), .. OfRedis(), .. OfQueue(), .. OfEngine()];

    private IEnumerable<IFault> OfProcesses() =>
    [
        new KilledProcess("an Api", Apis, AnyOf(cluster.Apis), ProcessCluster.StartApiAsync, time),
        new KilledProcess("a Worker", Workers, AnyOf(cluster.Workers), ProcessCluster.StartWorkerAsync, time),
        new KilledProcess("the head", Workers, HeadAsync, ProcessCluster.StartWorkerAsync, time),
        new PausedProcess("an Api", Apis, AnyOf(cluster.Apis), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(4), time),
        // Beyond the lease of a node and near that of a job.
        new PausedProcess("a Worker", Workers, AnyOf(cluster.Workers), TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(14), time),
        new PausedProcess("the head", Workers, HeadAsync, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(6), time),
        // Beyond the grace of a dead node: what runs on it is lost.
        new PausedProcess(
            "a Worker beyond its grace", Workers, AnyOf(cluster.Workers), TimeSpan.FromSeconds(33), TimeSpan.FromSeconds(36), time),
    ];

    private IEnumerable<IFault> OfNodes() =>
    [
        new StoresCut(Workers, AnyNode, time),
        new FullDisk(Workers, AnyNode, time),
        new ClockJump(Workers, AnyNode, complain, time),
    ];

    private HarmableNode AnyNode(Random random) => nodes[random.Next(nodes.Count)];

    private IEnumerable<IFault> OfRedis() => cluster.Redis is not { } redis ? [] :
    [
        new RedisFlush(redis),
        new RedisGone(redis, "Redis restart", TimeSpan.FromSeconds(0.2), time),
        new RedisGone(redis, "Redis absence", TimeSpan.FromSeconds(8), time),
    ];

    private IEnumerable<IFault> OfQueue() =>
    [
        new PostgresRestart(cluster.Postgres, time),
        new DoubledDelivery(cluster.Database, late: false, complain, time),
        new DoubledDelivery(cluster.Database, late: true, complain, time),
    ];

    private IEnumerable<IFault> OfEngine() => engine is null ? [] :
    [
        new EngineRestart(engine, liveRestore: true, time),
        new EngineRestart(engine, liveRestore: false, time),
    ];

    private static Func<Random, Task<ClusterProcess>> AnyOf(IReadOnlyList<ClusterProcess> processes) =>
        random => Task.FromResult(processes[random.Next(processes.Count)]);

    /// <summary>The worker that is the head now. After the last head was harmed that takes a moment; while none is, any worker.</summary>
    private async Task<ClusterProcess> HeadAsync(Random random)
    {
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began) < HeadWithin; await Task.Delay(LookEvery, time))
        {
            try
            {
                if (await store.HeadAsync() is { } head && cluster.Workers.FirstOrDefault(worker => worker.Name == head) is { } found)
                {
                    return found;
                }
            }
            catch (Npgsql.NpgsqlException)
            {
                // Postgres is harmed at the same time.
            }
        }

        complain($"the head was to be harmed, and for {HeadWithin} there was none");
        return cluster.Workers[random.Next(cluster.Workers.Count)];
    }
}
