using Sandbox.Chaos.Checks;
using Sandbox.Chaos.Clients;
using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Faults;
using Sandbox.Chaos.Histories;
using Sandbox.Chaos.Nodes;
using Sandbox.Client;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Chaos;

/// <summary>A cluster of real processes, clients that use it, faults that harm it, and the verdict in the end.</summary>
public sealed class ChaosRun(ChaosOptions options, Action<string> say, TimeProvider time)
{
    /// <summary>What the issue allows from healing until everything is in order.</summary>
    private static readonly TimeSpan HealsWithin = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly Recorder _recorder = new(time);
    private readonly List<string> _surprises = [];

    public async Task<ChaosReport> RunAsync()
    {
        await using var engine = options.HasOwnEngine ? await PrivateEngine.StartAsync(liveRestore: true) : null;
        using var archives = new TempFolder();
        var nodes = new List<HarmableNode>();
        using var end = new NodesEnd(nodes);
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            OfWorker = (cluster, name) =>
            {
                nodes.Add(new HarmableNode(cluster, name));
                return nodes[^1].Settings;
            },
            HasRedis = options.HasRedis,
            DockerHost = engine is null ? "" : $"unix://{engine.Socket}",
            LogFolder = options.Artifacts,
            Settings = new Dictionary<string, string> { ["Archive__Store"] = "folder", ["Archive__Folder"] = archives.Path },
        });
        say($"the cluster runs; seed {options.Seed}");

        var store = new StoreReader(cluster.Database);
        using var reader = new SandboxClient(cluster.Callers[0].Http.BaseAddress!, apiKey: null);
        IEnumerable<IFault> faults =
            [.. new FaultList(cluster, nodes, engine, store, Complain, time).All, new SlowReader(reader, store, Complain, time)];
        var schedule = new FaultSchedule(
            [.. faults.Where(fault => !options.Without.Contains(fault.Kind))], options.Seed, options.Overlap,
            injected => _recorder.Effects >= injected * options.Goal.DoneBeforeNextFault, say, time);
        using var ends = new CancellationTokenSource();
        await Task.WhenAll(schedule.RunAsync(ends.Token), UseAsync(cluster, ends.Token), EndAsync(schedule, ends));

        say($"{_recorder.Count} operations; everything is healed");
        foreach (var process in cluster.Apis.Concat(cluster.Workers).Where(process => !process.IsRunning))
        {
            _surprises.Add($"{process.Name} has ended by itself; its log is in the artefacts");
        }

        var evidence = await SettleAsync(cluster, engine, store, archives.Path);
        var report = new ChaosReport(options, schedule.Injected, _recorder.Operations, CheckSummary.Of(evidence), _surprises);
        await KeepAsync(report);
        return report;
    }

    /// <summary>Ends the run when it is long enough and has done what it was to do.</summary>
    private async Task EndAsync(FaultSchedule schedule, CancellationTokenSource ends)
    {
        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < options.Length || options.Goal.Missing(_recorder, schedule.Injected).Any())
        {
            if (time.GetElapsedTime(began) >= options.Goal.Within)
            {
                Complain(
                    $"the run was to do more within {options.Goal.Within}; it did "
                        + $"{string.Join(", ", options.Goal.Missing(_recorder, schedule.Injected))}");
                break;
            }

            await Task.Delay(LookEvery, time);
        }

        await ends.CancelAsync();
    }

    private void Complain(string surprise)
    {
        lock (_surprises)
        {
            _surprises.Add(surprise);
        }
    }

    private async Task UseAsync(ProcessCluster cluster, CancellationToken ends)
    {
        var apis = cluster.Callers.Select(caller => new SandboxClient(caller.Http.BaseAddress!, apiKey: null)).ToList();
        var shared = new SharedSandboxes(3);
        var clients = Enumerable.Range(1, options.Clients).Select(number => new ChaosClient(
            new MarkedCalls($"c{number}", apis, _recorder, time), $"c{number}", shared, new Random(options.Seed * 31 + number), time));
        await Task.WhenAll(clients.Select(client => client.RunAsync(ends)));
        apis.ForEach(api => api.Dispose());
    }

    /// <summary>Looks until everything is as promised, for as long as healing may take; the last look counts.</summary>
    private async Task<Evidence> SettleAsync(ProcessCluster cluster, PrivateEngine? engine, StoreReader store, string archives)
    {
        var healed = time.GetTimestamp();
        var containers = new EngineReader(engine?.Socket ?? DockerEngine.Socket, cluster.ClusterId);
        while (true)
        {
            var isLast = time.GetElapsedTime(healed) >= HealsWithin;
            var evidence = await LookAsync(cluster, store, containers, archives);
            if (isLast || (evidence.Jobs.Count == 0 && CheckSummary.Of(evidence).IsClean))
            {
                say($"settled after {time.GetElapsedTime(healed).TotalSeconds:0.0} s");
                return evidence;
            }

            await Task.Delay(TimeSpan.FromSeconds(1), time);
        }
    }

    private async Task<Evidence> LookAsync(ProcessCluster cluster, StoreReader store, EngineReader engine, string archives)
    {
        var containers = await engine.ContainersAsync();
        return await store.ReadAsync(new Evidence(_recorder.Now, _recorder.Operations, [], [], containers)
        {
            Archives = ArchiveReader.Read(archives),
            Marks = await engine.MarksAsync(containers),
            Live = cluster.Redis is { } redis ? await new LiveReader(redis).ReadAsync() : null,
        });
    }

    private async Task KeepAsync(ChaosReport report)
    {
        if (options.Artifacts.Length > 0)
        {
            await _recorder.WriteAsync(Path.Combine(options.Artifacts, "history.jsonl"));
            await File.WriteAllTextAsync(Path.Combine(options.Artifacts, "report.txt"), $"{report}\n");
        }
    }

    /// <summary>After the processes that use them have ended.</summary>
    private sealed class NodesEnd(List<HarmableNode> nodes) : IDisposable
    {
        public void Dispose() => nodes.ForEach(node => node.Dispose());
    }
}
