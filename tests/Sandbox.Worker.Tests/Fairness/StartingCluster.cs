using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Deployments;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Testing.Postgres;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Fairness;

/// <summary>Workers of one cluster, over a real Postgres, whose starts end when the test says so: time passes in rounds, in
/// each of which every start that goes on is ended once and its place is taken by the next.</summary>
internal sealed class StartingCluster : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<IHost> _hosts = [];
    private readonly HeldStarts _starts = new();
    private readonly HashSet<SandboxId> _ended = [];
    private int _created;

    /// <summary>How many starts go on at once in the whole cluster.</summary>
    public int Places { get; private init; }

    private ISandboxStore Records => _hosts[0].Services.GetRequiredService<ISandboxStore>();

    public static async Task<StartingCluster> StartAsync(int workers, int placesOfEach)
    {
        var database = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        var cluster = new StartingCluster { Places = workers * placesOfEach };
        for (var number = 1; number <= workers; number++)
        {
            var host = cluster.Build(database, $"w{number}", placesOfEach);
            cluster._hosts.Add(host);
            await host.StartAsync();
        }

        return cluster;
    }

    public async Task<IReadOnlyList<SandboxId>> CreateAsync(string tenant, int count)
    {
        var ids = new List<SandboxId>();
        for (var number = 0; number < count; number++)
        {
            var first = WorkerHost.Prepare($"{SandboxId.New()}") with { Tenant = tenant };
            var job = new StartSandboxJob { SandboxId = first.Id, SandboxVersion = first.Version, Incarnation = first.Incarnation };
            Assert.True((await Records.TryCreateAsync(first, job, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
            ids.Add(first.Id);
            _created++;
        }

        await FillAsync();
        return ids;
    }

    /// <summary>How many rounds pass until all of these have been started and ended.</summary>
    public async Task<int> RoundsAsync(IReadOnlyList<SandboxId> ids)
    {
        var open = ids.Except(_ended).ToHashSet();
        for (var round = 1; ; round++)
        {
            Assert.True(_starts.Held.Count > 0, $"{open.Count} starts were to go on, and none does: they are never claimed");
            foreach (var start in _starts.Held)
            {
                start.Ended.SetResult();
                await WorkerHost.UntilAsync(() => !_starts.Held.Contains(start), "a start ends when it is told to");
                await FillAsync();
                _ended.Add(start.Sandbox.Id);
                open.Remove(start.Sandbox.Id);
            }

            if (open.Count == 0)
            {
                return round;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        _folder.Dispose();
    }

    /// <summary>Waits until every place is taken, or nothing is left that could take one.</summary>
    private Task FillAsync() => WorkerHost.UntilAsync(
        () => _starts.Held.Count == Places || _starts.Begun == _created,
        $"a free place is taken as long as a start waits; {_starts.Held.Count} of {Places} are, and {_created - _starts.Begun} wait");

    private IHost Build(string database, string name, int places)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        var data = _folder.File(name);
        Directory.CreateDirectory(data);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:DataFolder"] = data,
            ["Worker:NodeName"] = name,
            ["Worker:Deployment"] = "local",
            ["Worker:AllowUnisolated"] = "true",
            ["Worker:Concurrency"] = $"{places}",
            ["Worker:Capacity:Cpus"] = "1000",
            ["Worker:Capacity:MemoryBytes"] = $"{1L << 40}",
            ["Cluster:Id"] = "fairness",
            ["Cluster:Secret"] = ClusterWorker.Secret,
        });
        builder.Logging.AddProvider(new TestOutputLogs());
        builder.Services.AddClusterStorage(database, redis: null);
        builder.Services.AddClusterNode().AddStoreElection().AddDeployments();
        builder.Services.RemoveAll<IDeployment>().AddSingleton<IDeployment>(_starts);
        return builder.Build();
    }
}
