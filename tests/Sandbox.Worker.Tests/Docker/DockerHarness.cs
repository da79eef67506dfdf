using System.Text.Json.Nodes;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>A deployment on the machine's engine with a cluster and folders of its own. In the containers runs a program of
/// the image in the agent's place.</summary>
public sealed class DockerHarness : IAsyncLifetime
{
    private static readonly string[] Sleeper = ["/bin/sleep", "100000"];

    /// <summary>Takes more memory than it has once it is told to, and ends a moment later: an engine begins to listen for want of memory
    /// after a container's first instruction, and hears of want of memory and of the end in two ways.</summary>
    internal static readonly string[] MemoryHog =
    [
        "/bin/sh", "-c", "until [ -e /dev/shm/go ]; do sleep 0.1; done; dd if=/dev/zero of=/dev/null bs=200M; sleep 10; exit 9",
    ];

    private readonly DockerCluster _cluster = new();
    private readonly TempFolder _folder = new();
    private readonly List<EngineConnection> _connections = [];
    private SandboxInstance? _shared;

    internal DockerDeployment Deployment { get; private set; } = null!;

    public string ClusterId => _cluster.ClusterId;

    /// <summary>Stands where the agent's binary would be; mounted into every sandbox.</summary>
    public string AgentFolder => _folder.File("agent");

    internal WorkerOptions Options(string dockerHost = "") => new()
    {
        DataFolder = _folder.Path,
        ClusterId = ClusterId,
        NodeName = "node-1",
        AgentFolder = AgentFolder,
        DockerHost = dockerHost,
    };

    internal SandboxFolders Folders => new(Microsoft.Extensions.Options.Options.Create(Options()));

    public async ValueTask InitializeAsync()
    {
        foreach (var platform in (string[])["linux-x64", "linux-arm64"])
        {
            Directory.CreateDirectory(Path.Combine(AgentFolder, platform));
            await File.WriteAllTextAsync(Path.Combine(AgentFolder, platform, AgentRoutes.BinaryName), "in the agent's place");
        }

        Deployment = NewDeployment();
        if (DockerEngine.WhyMissing is null)
        {
            await DockerTestImage.EnsureAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _connections.ForEach(connection => connection.Dispose());
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    internal EngineConnection Connect(string dockerHost = "") => Connect(Options(dockerHost));

    private EngineConnection Connect(WorkerOptions options)
    {
        var connection = new EngineConnection(Microsoft.Extensions.Options.Options.Create(options), TimeProvider.System);
        _connections.Add(connection);
        return connection;
    }

    internal DockerDeployment NewDeployment(string dockerHost = "", IReadOnlyList<string>? command = null) =>
        NewDeployment(Options(dockerHost), command);

    internal DockerDeployment NewDeployment(WorkerOptions with, IReadOnlyList<string>? command = null) =>
        TestDeployment.Of(Connect(with), with, TimeProvider.System, _ => command ?? Sleeper);

    internal DockerDeployment NewDeployment(SandboxNetworks networks) =>
        TestDeployment.Of(Connect(), Options(), TimeProvider.System, _ => Sleeper, networks: networks);

    public static SandboxInstance GivenSandbox(Func<SandboxSpec, SandboxSpec>? with = null)
    {
        var spec = new SandboxSpec
        {
            Deployment = DeploymentKind.Docker,
            Image = DockerTestImage.Name,
            MemoryBytes = 64 << 20,
            Cpus = 0.5,
            Network = NetworkMode.None,
            StartupTimeout = TimeSpan.FromMinutes(1),
            IdleTimeout = TimeSpan.FromMinutes(30),
        };
        return new SandboxInstance
        {
            Id = SandboxId.New(),
            Version = 1,
            State = SandboxState.Pending,
            Incarnation = IncarnationId.New(),
            Spec = with?.Invoke(spec) ?? spec,
            CreatedAt = TimeProvider.System.GetUtcNow(),
        };
    }

    /// <summary>A sandbox that runs.</summary>
    public async Task<SandboxInstance> StartAsync(Func<SandboxSpec, SandboxSpec>? with, CancellationToken cancellationToken)
    {
        var sandbox = GivenSandbox(with);
        var started = await Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), cancellationToken);
        Assert.True(started.TryGet(out _, out var error), error?.Text);
        return sandbox;
    }

    /// <summary>One that runs and that the tests of a class may all use, none of which changes it.</summary>
    public async Task<SandboxInstance> SharedAsync(CancellationToken cancellationToken) =>
        _shared ??= await StartAsync(null, cancellationToken);

    public static string NameOf(SandboxInstance sandbox) => ContainerName.Of(sandbox.Incarnation, new WorkerOptions());

    public static Task<JsonNode?> InspectAsync(SandboxInstance sandbox, CancellationToken cancellationToken) =>
        DockerEngine.InspectAsync(NameOf(sandbox), cancellationToken);

    /// <summary>What a shell line in the sandbox prints.</summary>
    public static Task<(int ExitCode, string Output)> RunAsync(SandboxInstance sandbox, string line, CancellationToken cancellationToken) =>
        DockerEngine.ExecAsync(NameOf(sandbox), line, cancellationToken);

    /// <summary>Tells a <see cref="MemoryHog"/> to take its memory.</summary>
    public static async Task LetGoAsync(SandboxInstance hog, CancellationToken cancellationToken)
    {
        var (exitCode, output) = await RunAsync(hog, "touch /dev/shm/go", cancellationToken);
        Assert.True(exitCode == 0, $"the program was to be told to begin: {output}");
    }

    public Task<IReadOnlyList<string>> ContainersAsync(CancellationToken cancellationToken) => _cluster.ContainersAsync(cancellationToken);

    public Task<IReadOnlyList<(string Name, string Bridge)>> NetworksAsync(CancellationToken cancellationToken) =>
        _cluster.NetworksAsync(cancellationToken);

    internal static TError Failure<TError>(Result<StartedSandbox> result)
        where TError : SandboxError
    {
        Assert.False(result.TryGet(out _, out var error), "the start was to fail, yet it succeeded");
        return Assert.IsType<TError>(error);
    }
}
