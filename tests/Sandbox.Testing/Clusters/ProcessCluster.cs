using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;

namespace Sandbox.Testing.Clusters;

/// <summary>
/// A whole cluster as real processes on this machine: APIs, workers with a data folder each, a Postgres and a Redis of its
/// own. Everything can be killed, put to sleep and started again by itself. At its end nothing of it is left.
/// </summary>
public sealed class ProcessCluster : IAsyncDisposable
{
    /// <summary>What its processes know each other by.</summary>
    public const string Secret = "a secret of the tests that is long enough";

    /// <summary>No cluster of this test run has a Redis: everything must pass all the same (<c>SANDBOX_WITHOUT_REDIS=1</c>).</summary>
#pragma warning disable RS0030 // A switch of the person who runs the tests, not of the product.
    public static bool IsWithoutRedis { get; } = Environment.GetEnvironmentVariable("SANDBOX_WITHOUT_REDIS") is "1";
#pragma warning restore RS0030

    private readonly TempFolder _folder = new();
    private readonly DockerCluster _docker = new();
    private readonly ClusterSetup _setup;
    private (string Key, string Value)[] _election = [];
    private readonly List<ClusterProcess> _apis = [], _workers = [], _healths = [];

    private ProcessCluster(ClusterSetup setup, PostgresServer postgres, RedisServer? redis, string database) =>
        (_setup, Postgres, Redis, Database) = (setup, postgres, redis, database);

    /// <summary>Where the native agent is, for each architecture.</summary>
    public static string AgentFolder => Path.Combine(RepositoryRoot(), "artifacts", "agent");

    public PostgresServer Postgres { get; }

    /// <summary>Null: the cluster has none.</summary>
    public RedisServer? Redis { get; }

    /// <summary>Connection string of the cluster's records.</summary>
    public string Database { get; }

    public IReadOnlyList<ClusterProcess> Apis => _apis;

    public IReadOnlyList<ClusterProcess> Workers => _workers;

    /// <summary>The health services; without one the workers find their head by the lease alone.</summary>
    public IReadOnlyList<ClusterProcess> Healths => _healths;

    /// <summary>A client of each API, in the same order; an API that is started again keeps its address.</summary>
    public IReadOnlyList<RockCaller> Callers { get; private set; } = [];

    public string ClusterId => _docker.ClusterId;

    /// <summary>Ids of the cluster's containers, running or not.</summary>
    public Task<IReadOnlyList<string>> ContainersAsync() => _docker.ContainersAsync(CancellationToken.None);

    /// <summary>Names under which the engine keeps what the cluster's tenants have committed.</summary>
    public Task<IReadOnlyList<string>> CommitsAsync() => _docker.CommitsAsync(CancellationToken.None);

    public static async Task<ProcessCluster> StartAsync(ClusterSetup setup)
    {
        var postgres = await PostgresServer.StartAsync();
        var redis = setup.HasRedis && !IsWithoutRedis ? await RedisServer.StartAsync() : null;
        var cluster = new ProcessCluster(setup, postgres, redis, await postgres.NewDatabaseAsync());
        try
        {
            await cluster.StartAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A worker that is not among <see cref="Workers"/>, not started yet; the caller disposes it.</summary>
    public ClusterProcess MakeWorker(string process, string node, params (string Key, string Value)[] more)
    {
        var data = _folder.File($"d-{process}");
        Directory.CreateDirectory(data);
        return Make(process, "Sandbox.Worker", [
            ("Worker__NodeName", node), ("Worker__DataFolder", data), ("Worker__AgentFolder", AgentFolder),
            ("Worker__ManagedAgent", ProgramOf("Sandbox.Agent", "sandbox-agent")), ("Worker__Deployment", _setup.Deployment),
            ("Worker__DockerHost", _setup.DockerHost), ("Worker__AllowUnisolated", "true"), ("Worker__Capacity__Cpus", "64"),
            ("Worker__Capacity__MemoryBytes", $"{64L << 30}"), .. _election, .. more]);
    }

    /// <summary>Starts a worker that was killed or has ended, and waits until it is part of the cluster.</summary>
    public static async Task StartWorkerAsync(ClusterProcess worker)
    {
        worker.Start();
        await worker.SaysAsync("is part of the cluster");
    }

    /// <summary>Starts an API that was killed or has ended, and waits until it listens; the line that says where.</summary>
    public static async Task<string> StartApiAsync(ClusterProcess api)
    {
        api.Start();
        return await api.SaysAsync("Now listening on: ");
    }

    /// <summary>A program without a cluster, with these settings and no others; the caller disposes it.</summary>
    public static ClusterProcess MakeAlone(string project, TempFolder folder, IReadOnlyDictionary<string, string> settings) =>
        new(project, ProgramOf(project, project), folder.File($"{project}.log"), settings);

    /// <summary>A program that is no worker and no API of it, with the settings that all of them have.</summary>
    public ClusterProcess Make(string process, string project, params (string Key, string Value)[] more)
    {
        var settings = new Dictionary<string, string>
        {
            ["ConnectionStrings__sandbox"] = Database,
            ["ConnectionStrings__redis"] = Redis?.ConnectionString ?? "",
            ["Cluster__Id"] = ClusterId,
            ["Cluster__Secret"] = Secret,
            ["DOTNET_ENVIRONMENT"] = "Production",
            ["Logging__LogLevel__Microsoft.AspNetCore"] = "Warning",
        };
        foreach (var (key, value) in _setup.Settings.Select(setting => (setting.Key, setting.Value)).Concat(more))
        {
            settings[key] = value;
        }

        return new ClusterProcess(
            process, ProgramOf(project, project),
            Path.Combine(_setup.LogFolder.Length > 0 ? _setup.LogFolder : _folder.Path, $"{process}.log"), settings);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _apis.Concat(_workers).Concat(_healths))
        {
            await process.DisposeAsync();
        }

        foreach (var caller in Callers)
        {
            caller.Dispose();
        }

        await _docker.DisposeAsync();
        await (Redis?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Postgres.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        if (_setup.Deployment == "docker")
        {
            await DockerTestImage.EnsureAsync();
        }

        await StartHealthsAsync();
        var ports = FreePorts(_setup.Apis);
        Callers = [.. ports.Select(port => new RockCaller(new Uri($"http://127.0.0.1:{port}")))];
        _apis.AddRange(
            ports.Select((port, number) => Make($"api-{number + 1}", "Sandbox.Api", ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"))));
        _workers.AddRange(
            Enumerable.Range(1, _setup.Workers)
            .Select(number => MakeWorker($"w{number}", $"w{number}", _setup.OfWorker(this, $"w{number}"))));
        await Task.WhenAll([.. _apis.Select(StartApiAsync), .. _workers.Select(StartWorkerAsync)]);
    }

    private async Task StartHealthsAsync()
    {
        var ports = FreePorts(_setup.Healths);
        _healths.AddRange(ports.Select((port, number) => Make(
            $"health-{number + 1}", "Health.Service", ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}"),
            ("HEAD_WHITELIST", _setup.HeadWhitelist))));
        await Task.WhenAll(_healths.Select(StartApiAsync));
        _election = ports is [] ? [] :
            [("HEALTH_URL", string.Join(' ', ports.Select(port => $"http://127.0.0.1:{port}"))), ("HEAD_WHITELIST", _setup.HeadWhitelist),
                ("HEAD_PORT", "0")];
    }

    internal static List<int> FreePorts(int count) => [.. Enumerable.Range(0, count).Select(_ => ReservedPorts.Next())];

    internal static string ProgramOf(string project, string name)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, $"{name}.dll"));
    }

    private static string RepositoryRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"No Sandbox.Aspire.sln above {AppContext.BaseDirectory}.");
    }
}
