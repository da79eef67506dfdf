using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Api;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>The program that runs pods, composed as it ships, and what an API of the same cluster has beside it: the operator and the
/// placement. A second one on the same database is the program's next life.</summary>
internal sealed class KubeHost : IAsyncDisposable
{
    public const string ClusterId = "kube-tests";
    public const string NodeName = "pods";

    /// <summary>For what never connects to a database.</summary>
    public const string NoDatabase = "Host=/nowhere;Username=nobody;Database=none";

    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private readonly WebApplication _program;
    private readonly WebApplication _api;
    private bool _started;

    private KubeHost(WebApplication program, WebApplication api) => (_program, _api) = (program, api);

    public ISandboxStore Records => Get<ISandboxStore>();

    /// <summary>The API's.</summary>
    public ISandboxOperator Sandboxes => _api.Services.GetRequiredService<ISandboxOperator>();

    /// <summary>A new database of a cluster that has no nodes yet; its connection string.</summary>
    public static async Task<string> NewDatabaseAsync() =>
        await (await PostgresServer.SharedAsync()).NewDatabaseAsync("kube_tests", static async database =>
        {
            await using var migrating = BuildApi(database);
            await migrating.StartAsync();
            await migrating.StopAsync();
        });

    public async Task StartAsync()
    {
        await _program.StartAsync();
        await _api.StartAsync();
        _started = true;
    }

    /// <param name="server">Address of the Kubernetes API.</param>
    /// <param name="settings">Over the defaults, with their sections.</param>
    public static KubeHost Build(
        string database, string folder, string server, int port, params (string Name, string Value)[] settings)
    {
        var secret = Path.Combine(folder, "agent-secret");
        File.WriteAllBytes(secret, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(OfTheCluster)
        {
            ["ConnectionStrings:sandbox"] = database,
            ["ConnectionStrings:redis"] = "",
            ["Worker:DataFolder"] = folder,
            ["Worker:NodeName"] = NodeName,
            ["Worker:AgentListen"] = $"127.0.0.1:{port}",
            ["Worker:AgentSecretFile"] = secret,
            ["Worker:Heartbeat"] = "00:00:00.250",
            ["Worker:DrainWait"] = "00:00:00",
            ["Kubernetes:Server"] = server,
            ["Kubernetes:Namespace"] = FakeCluster.Namespace,
            ["Kubernetes:Mode"] = "pod",
            ["Kubernetes:AgentImage"] = "registry.example/agent:1",
            ["Kubernetes:OwnerAddress"] = $"127.0.0.1:{port}",
            ["Kubernetes:RequestsPerSecond"] = "1000",
            ["Kubernetes:Burst"] = "1000",
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Name, (string?)one.Value)));
        builder.Logging.ClearProviders();

        // What the program registers must be whole, in whatever order it happens to be used.
        builder.Host.UseDefaultServiceProvider(static provider => provider.ValidateOnBuild = provider.ValidateScopes = true);
        builder.AddServiceDefaults();
        return new KubeHost(KubernetesNode.Build(builder), BuildApi(database));
    }

    /// <summary>A service of the program.</summary>
    public T Get<T>()
        where T : notnull => _program.Services.GetRequiredService<T>();

    public static SandboxInstance Prepare(string id, Func<SandboxSpec, SandboxSpec>? change = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var spec = new SandboxSpec
        {
            Deployment = DeploymentKind.Kubernetes,
            Image = "python:3.11",
            MemoryBytes = 256 << 20,
            Cpus = 1,
            StartupTimeout = TimeSpan.FromMinutes(5),
            IdleTimeout = TimeSpan.FromMinutes(30),
            RemoveContainer = false,
            AgentGrace = TimeSpan.FromSeconds(60),
        };
        spec = change?.Invoke(spec) ?? spec;
        return new SandboxInstance
        {
            Id = SandboxId.Parse(id),
            Version = 1,
            State = SandboxState.Pending,
            Incarnation = IncarnationId.New(),
            CreatedAt = now,
            TransientDeadline = now + spec.StartupTimeout,
            Phases = [.. SandboxPhase.BeforeStart],
            Spec = spec,
        };
    }

    /// <summary>Submits once the node has said that it can run sandboxes.</summary>
    public async Task<SandboxInstance> SubmitAsync(SandboxInstance prepared, string? registryPassword = null)
    {
        await UntilNodeSaysAsync(load => load.Unavailable is null, "it runs pods");
        var submitted = await Sandboxes.SubmitAsync(prepared, registryPassword, CancellationToken.None);
        Assert.True(submitted.TryGet(out var record, out var error), error?.Text);
        return record;
    }

    /// <summary>Submits and waits until its agent answers.</summary>
    public async Task<SandboxInstance> RunAsync(SandboxInstance prepared)
    {
        await SubmitAsync(prepared);
        using var limit = new CancellationTokenSource(Soon);
        var alive = await Sandboxes.WaitUntilAliveAsync(prepared.Id, limit.Token);
        Assert.True(alive.TryGet(out var record, out var error), error?.Text);
        return record;
    }

    /// <summary>Waits for a heartbeat of the program.</summary>
    public Task UntilNodeSaysAsync(Func<NodeLoad, bool> expected, string what) => UntilAsync(
        async () => await Get<INodeStore>().FindAsync(NodeName, CancellationToken.None) is { IsSuspect: false } node && expected(node.Load),
        $"node {NodeName} says that {what}");

    /// <summary>Waits until the record is as expected.</summary>
    public async Task<SandboxInstance> UntilAsync(SandboxId id, Func<SandboxInstance, bool> expected, string what)
    {
        using var limit = new CancellationTokenSource(Soon);
        while (true)
        {
            using var change = Get<IChangeFeed>().Subscribe(id);
            var record = await Records.FindAsync(id, CancellationToken.None);
            if (record is not null && expected(record))
            {
                return record;
            }

            // A look from time to time: what is expected may depend on more than the record.
            await Task.WhenAny(change.Changed, Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, limit.Token));
            Assert.False(
                limit.IsCancellationRequested,
                $"{id} was expected to be {what}; it is {record?.State} ({record?.Reason}), phases "
                    + $"{string.Join("; ", record?.Phases ?? [])}");
        }
    }

    /// <summary>Waits for a fact that no record tells.</summary>
    public static Task UntilAsync(Func<bool> expected, string what) => UntilAsync(() => Task.FromResult(expected()), what);

    public async ValueTask DisposeAsync()
    {
        if (_started)
        {
            await _api.StopAsync();
            await _program.StopAsync();
        }

        await _api.DisposeAsync();
        await _program.DisposeAsync();
    }

    private static IReadOnlyDictionary<string, string?> OfTheCluster { get; } = new Dictionary<string, string?>
    {
        ["Cluster:Id"] = ClusterId,
        ["Cluster:Secret"] = "a secret of the tests that is long enough",
    };

    private static WebApplication BuildApi(string database)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(OfTheCluster);

        // What a test looks at after a stop is done, also on a machine that takes long for it.
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("Operator:StopWait", (string?)"00:02:00")]);
        builder.Services.AddClusterStorage(database, redis: null).AddClusterApi();
        return builder.Build();
    }

    private static async Task UntilAsync(Func<Task<bool>> expected, string what)
    {
        var begun = Stopwatch.GetTimestamp();
        while (!await expected())
        {
            Assert.True(Stopwatch.GetElapsedTime(begun) < Soon, $"expected within {Soon}: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, CancellationToken.None);
        }
    }
}
