using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sandbox.Api;
using Sandbox.Chaos.Checks;
using Sandbox.Chaos.Clients;
using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;
using Sandbox.Client;
using Sandbox.Deployments;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.NodeApi;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Chaos.Tests.Mutants;

/// <summary>An API and two workers in this program, on a Postgres database and with containers of their own, so that a test can
/// take a safeguard out of one of them. Only the first worker has capacity for a sandbox. Or an API and as many workers as a test
/// adds.</summary>
internal sealed class SmallCluster : IAsyncDisposable
{
    public const string Box = "box";

    /// <summary>Cpus of a worker that has capacity for the box once: while it starts it, it claims no other start.</summary>
    public const string OneBox = "0.3";

    private readonly DockerCluster _docker = new();
    private readonly TempFolder _folder = new();
    private readonly string _database;
    private readonly List<WebApplication> _apps = [];

    private SmallCluster(string database) => _database = database;

    public Recorder Recorder { get; } = new(TimeProvider.System);

    public WebApplication Api => _apps[0];

    public WebApplication Worker => _apps[1];

    /// <summary>Two users.</summary>
    public MarkedCalls One { get; private set; } = null!;

    public MarkedCalls Other { get; private set; } = null!;

    /// <summary>The records without anybody's fence.</summary>
    public ISandboxStore Records => Api.Services.GetRequiredService<ISandboxStore>();

    /// <param name="api">Changes what the API is made of.</param>
    /// <param name="stores">Changes the first worker's stores, before its fences are put over them.</param>
    /// <param name="worker">Changes what else the first worker is made of.</param>
    public static async Task<SmallCluster> StartAsync(
        Action<IServiceCollection>? api = null, Action<IServiceCollection>? stores = null, Action<IServiceCollection>? worker = null)
    {
        await DockerTestImage.EnsureAsync();
        var cluster = new SmallCluster(await (await PostgresServer.SharedAsync()).NewDatabaseAsync());
        try
        {
            await cluster.StartApiAsync(api ?? (_ => { }));
            await cluster.AddWorkerAsync("w1", stores, worker, cpus: "4");
            await cluster.AddWorkerAsync("w2", cpus: "0.01");
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>An API alone; the workers are the test's to add.</summary>
    public static async Task<SmallCluster> StartWithoutWorkersAsync()
    {
        await DockerTestImage.EnsureAsync();
        var cluster = new SmallCluster(await (await PostgresServer.SharedAsync()).NewDatabaseAsync());
        await cluster.StartApiAsync(_ => { });
        return cluster;
    }

    /// <param name="stores">Changes its stores, before its fences are put over them.</param>
    /// <param name="worker">Changes what else it is made of.</param>
    public async Task<WebApplication> AddWorkerAsync(
        string name, Action<IServiceCollection>? stores = null, Action<IServiceCollection>? worker = null, string cpus = OneBox)
    {
        var data = _folder.File(name);
        Directory.CreateDirectory(data);
        var builder = Builder(
            ("Worker:NodeName", name), ("Worker:DataFolder", data), ("Worker:AgentFolder", ProcessCluster.AgentFolder),
            ("Worker:Deployment", "docker"),
            ("Worker:Capacity:Cpus", cpus), ("Worker:Capacity:MemoryBytes", $"{4L << 30}"));
        builder.Services.AddClusterStorage(_database, redis: null);
        stores?.Invoke(builder.Services);
        builder.Services.AddClusterNode().AddStoreElection().AddDeployments();
        worker?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapNodeApi();
        await StartAsync(app);
        return app;
    }

    /// <summary>Makes the box and waits until it runs.</summary>
    public async Task RunBoxAsync()
    {
        await CreateBoxAsync();
        await UntilAsync("running");
    }

    public async Task CreateBoxAsync()
    {
        var created = default(Operation);
        await Wait.UntilAsync(
            async () => (created = await One.CreateAsync(Box)).IsDone, () =>
                $"the box is created once there are nodes: {created}, {created?.Detail}");
    }

    public async Task UntilAsync(string state)
    {
        var status = default(Operation);
        await Wait.UntilAsync(
            async () => (status = await One.StatusAsync(Box)).Detail == state, () => $"the box is {state}: {status}, {status?.Detail}");
    }

    /// <summary>What the checker says now.</summary>
    public async Task<CheckSummary> JudgeAsync()
    {
        var engine = new EngineReader(DockerEngine.Socket, _docker.ClusterId);
        var containers = await engine.ContainersAsync();
        return CheckSummary.Of(await new StoreReader(_database).ReadAsync(
            new Evidence(Recorder.Now, Recorder.Operations, [], [], containers) { Marks = await engine.MarksAsync(containers) }));
    }

    /// <summary>Without a mutant everything comes to order: the checker finds nothing.</summary>
    public async Task MustComeToOrderAsync()
    {
        var verdict = await JudgeAsync();
        await Wait.UntilAsync(
            async () => (verdict = await JudgeAsync()).IsClean, () =>
                $"the checker finds nothing where no safeguard is missing: {string.Join('\n', verdict.Violations)}");
    }

    public async Task ExecuteSqlAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(_database + ";Pooling=false");
        await connection.OpenAsync();
#pragma warning disable CA2100 // The tests' own words.
        await using var command = new NpgsqlCommand(statement, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var app in Enumerable.Reverse(_apps))
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await _docker.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartApiAsync(Action<IServiceCollection> change)
    {
        var builder = Builder(("Urls", "http://127.0.0.1:0"));
        builder.Services.AddClusterStorage(_database, redis: null);
        change(builder.Services);
        builder.Services.AddClusterApi();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapApi();
        await StartAsync(app);
        var client = new SandboxClient(new Uri(app.Urls.Single()), apiKey: null);
        (One, Other) = (User("one"), User("other"));

        // Nothing is paused here: an answer that takes long comes.
        MarkedCalls User(string name) => new(name, [client], Recorder, TimeProvider.System, ClusterProcess.Generous);
    }

    private async Task StartAsync(WebApplication app)
    {
        _apps.Add(app);
        await app.StartAsync();
    }

    private WebApplicationBuilder Builder(params (string Key, string Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.AddServiceDefaults();
        builder.Configuration.AddInMemoryCollection(
            settings.Append(("Cluster:Id", _docker.ClusterId)).Append(("Cluster:Secret", "a secret of the tests that is long enough"))
                .Select(setting => KeyValuePair.Create(setting.Item1, (string?)setting.Item2)));
        return builder;
    }
}
