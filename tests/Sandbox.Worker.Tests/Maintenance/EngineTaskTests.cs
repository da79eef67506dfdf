using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Images;
using Sandbox.Deployments.Maintenance;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Docker;
using Sandbox.Worker.Tests.Tools;

namespace Sandbox.Worker.Tests.Maintenance;

/// <summary>What the tasks about the engine ask of it: it answers as the test says.</summary>
public sealed class EngineTaskTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<object> _containers = [];
    private readonly List<string> _removed = [];
    private readonly List<IDisposable> _made = [];
    private FakeEngine _engine = null!;
    private EngineConnection _connection = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private IOptions<WorkerOptions> Worker => Options.Create(new WorkerOptions
    {
        DataFolder = _folder.Path,
        ClusterId = "c",
        NodeName = "here",
        IsOnlyNode = false,
        DockerHost = _engine.Address,
    });

    public async ValueTask InitializeAsync()
    {
        _engine = await FakeEngine.StartAsync(AnswerAsync);
        _connection = new EngineConnection(Worker, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.Dispose();
        await _engine.DisposeAsync();
        _made.ForEach(one => one.Dispose());
        _folder.Dispose();
    }

    [Fact]
    public async Task Containers_OfNodesThatAreGone_AreRemovedOnceNoRecordWantsThem()
    {
        var store = Store();
        var stopped = await GivenRecordAsync(store);
        GivenContainer("gone", "no-record");
        GivenContainer("gone", "former-life", stopped.Id);
        GivenContainer("gone", "stopped", stopped.Id, stopped.Incarnation);
        GivenContainer("gone", "young", age: TimeSpan.FromHours(1));
        GivenContainer("here", "own");
        GivenContainer("neighbour", "neighbours");
        GivenContainer("gone", "another-clusters", cluster: "d");
        var nodes = new FakeNodes(TimeProvider.System);
        nodes.Put(ViewOf("neighbour"));
        var task = new ContainerCleanupTask(_connection, store, nodes, Worker, Settings().Current, TimeProvider.System);

        var done = await RunAsync(task);

        Assert.Equal(["no-record", "former-life"], _removed);
        Assert.Equal("removed 2 containers of nodes that are gone", done);
    }

    [Theory]
    [InlineData(false, "removed 0 images that were not used for longest")]
    [InlineData(true, "removed 0 images that were not used for longest, and 1 without a name, 77 bytes")]
    public async Task Images_WithoutAName_AreRemovedOnlyWhereThatIsConfigured(bool prunes, string expected)
    {
        var ledger = new ImageLedger(Worker, TimeProvider.System, NullLogger<ImageLedger>.Instance);
        var eviction = new ImageEviction(
            _connection, ledger, Options.Create(new ImagePolicy()), Worker, TimeProvider.System, NullLogger<ImageEviction>.Instance);
        _made.Add(eviction);
        var task = new ImageCleanupTask(_connection, eviction, Worker, Settings(("PrunesDanglingImages", $"{prunes}")).Current);

        Assert.Equal(expected, await RunAsync(task));
        var asked = _engine.Calls.Where(call => call.Path == "images/prune").Select(call => Uri.UnescapeDataString(call.Query));
        Assert.Equal(prunes ? ["?filters={\"dangling\":{\"true\":true}}"] : [], asked);
    }

    [Fact]
    public async Task Pull_OfWhatAnOrderNames_ShowsTheLoginToItsRegistryOnly_AndIsKnownForItsLastUse()
    {
        var ledger = new ImageLedger(Worker, TimeProvider.System, NullLogger<ImageLedger>.Instance);
        var settings = Settings(
            ("Registry", "registry.example"), ("RegistryUsername", "u"), ("RegistryPassword", "secret-of-the-registry"));
        var task = new ImagePullTask(_connection, ledger, Options.Create(new ImagePolicy()), Worker, settings.Current);
        var told = new List<string>();

        var done = await task.RunAsync(
            new MaintenanceOrder("a", task.Name, ["registry.example/team/app:1", "busybox"]), told.Add, Token);

        Assert.Equal("pulled registry.example/team/app:1, busybox", done);
        var pulls = _engine.Calls.Where(call => call.Verb == "POST images/create").ToList();
        Assert.Equal(2, pulls.Count);
        Assert.Contains("registry.example", Decoded(pulls[0].Auth), StringComparison.Ordinal);
        Assert.DoesNotContain("secret-of-the-registry", Decoded(pulls[1].Auth), StringComparison.Ordinal);
        Assert.Contains("registry.example/team/app:1: pulling: 1 of 1 layers, 0.0 of 0.0 MB", told);
        Assert.NotEmpty(ledger.ByLastUse());
    }

    [Fact]
    public async Task Pull_OfWhatIsMissing_FailsWithEachReason_AndTriesTheOthers()
    {
        var ledger = new ImageLedger(Worker, TimeProvider.System, NullLogger<ImageLedger>.Instance);
        var task = new ImagePullTask(_connection, ledger, Options.Create(new ImagePolicy()), Worker, Settings().Current);

        var failed = await Assert.ThrowsAsync<MaintenanceException>(
            () => task.RunAsync(new MaintenanceOrder("a", task.Name, ["missing:1", "busybox"]), _ => { }, Token));

        Assert.Equal("missing:1 cannot be pulled: manifest unknown. 1 of 2 images were pulled.", failed.Message);
    }

    [Fact]
    public async Task Health_OfAnEngineThatAnswers_IsGood() => Assert.Equal(
        "the engine answers", await RunAsync(new DockerHealthTask(_connection, new RecordedTools(), Worker, Settings().Current)));

    [Fact]
    public async Task Health_OfAnEngineThatIsGone_RunsWhatStartsIt_AndTellsWhetherItCame()
    {
        var gone = Options.Create(new WorkerOptions { DockerHost = $"unix://{_folder.File("none.sock")}" });
        using var connection = new EngineConnection(gone, TimeProvider.System);
        var tools = new RecordedTools().Record(["start-engine", "now"], exitCode: 0, complaint: "");
        var settings = Settings(("EngineStartCommand:0", "start-engine"), ("EngineStartCommand:1", "now"));

        var silent = await Assert.ThrowsAsync<MaintenanceException>(
            () => RunAsync(new DockerHealthTask(connection, tools, gone, Settings().Current)));
        var failed = await Assert.ThrowsAsync<MaintenanceException>(
            () => RunAsync(new DockerHealthTask(connection, tools, gone, settings.Current)));

        Assert.StartsWith("the engine does not answer", silent.Message, StringComparison.Ordinal);
        Assert.StartsWith("start-engine was run, and the engine does not answer", failed.Message, StringComparison.Ordinal);
    }

    private static string Decoded(string auth) => auth.Length == 0
        ? "" : System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(auth.Replace('-', '+').Replace('_', '/')));

    private static Task<string> RunAsync(IMaintenanceTask task) =>
        task.RunAsync(new MaintenanceOrder("a", task.Name, []), _ => { }, Token);

    private static NodeView ViewOf(string name) => new(
        new NodeFacts(
            name, new Uri("http://10.0.0.1:1"), "10.0.0.1", NodeCapacity.Unlimited, new Dictionary<string, string>(),
            [DeploymentKind.Docker], "1.0.0"),
        new NodeLoad(NodeCapacity.Unlimited, 0, null), 1, TimeSpan.Zero, Draining: false, Left: false);

    private MaintenanceSettings Settings(params (string Name, string Value)[] settings)
    {
        var made = new MaintenanceSettings(settings);
        _made.Add(made);
        return made;
    }

    private ISandboxStore Store()
    {
        var services = new ServiceCollection().AddStandaloneStorage(_folder.File("sandbox.db"))
            .AddSingleton<Microsoft.Extensions.Configuration.IConfiguration>(new Microsoft.Extensions.Configuration.ConfigurationManager())
            .BuildServiceProvider();
        _made.Add(services);
        return services.GetRequiredService<ISandboxStore>();
    }

    private static async Task<SandboxInstance> GivenRecordAsync(ISandboxStore store)
    {
        var sandbox = DockerHarness.GivenSandbox();
        var job = new StartSandboxJob
        {
            SandboxId = sandbox.Id,
            SandboxVersion = sandbox.Version,
            Incarnation = sandbox.Incarnation,
        };
        Assert.True((await store.TryCreateAsync(sandbox, job, Token)).TryGet(out _, out var error), error?.Text);
        return sandbox;
    }

    private void GivenContainer(
        string node, string name, SandboxId? sandbox = null, IncarnationId? incarnation = null, TimeSpan? age = null,
        string cluster = "c") =>
        _containers.Add(new
        {
            Id = name,
            Created = (Now - (age ?? TimeSpan.FromDays(2))).ToUnixTimeSeconds(),
            Labels = new Dictionary<string, string>
            {
                [ContainerLabels.Cluster] = cluster,
                [ContainerLabels.Node] = node,
                [ContainerLabels.Sandbox] = (sandbox ?? SandboxId.New()).ToString(),
                [ContainerLabels.Incarnation] = (incarnation ?? IncarnationId.New()).ToString(),
            },
        });

    private async Task AnswerAsync(FakeEngine.Call call, HttpResponse response)
    {
        var image = Uri.UnescapeDataString(call.Path);
        await (call.Verb switch
        {
            "GET containers/json" => FakeEngine.SayAsync(response, 200, _containers),
            "GET images/json" => FakeEngine.SayAsync(response, 200, Array.Empty<object>()),
            "POST images/prune" => FakeEngine.SayAsync(
                response, 200, new { ImagesDeleted = new object[] { new { Untagged = "a" }, new { Deleted = "b" } }, SpaceReclaimed = 77 }),
            "POST images/create" when call.Query.Contains("missing", StringComparison.Ordinal) =>
                FakeEngine.RefuseAsync(response, 404, "manifest unknown"),
            "POST images/create" => response.WriteAsync("""{"status":"Pull complete","id":"a"}""", Token),
            _ when call.Method == "DELETE" => RemoveAsync(call, response),
            _ when image.StartsWith("images/", StringComparison.Ordinal) && !image.Contains("missing", StringComparison.Ordinal) =>
                FakeEngine.SayAsync(response, 200, new { Id = $"sha256:{new string('a', 64)}" }),
            _ => FakeEngine.RefuseAsync(response, 404, "No such image"),
        });
    }

    private Task RemoveAsync(FakeEngine.Call call, HttpResponse response)
    {
        _removed.Add(call.Path["containers/".Length..]);
        response.StatusCode = 204;
        return Task.CompletedTask;
    }
}
