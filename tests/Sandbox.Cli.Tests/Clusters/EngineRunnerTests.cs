using System.Text.Json.Nodes;
using Sandbox.Cli.Clusters;
using Sandbox.ClusterFile.Compose;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Clusters;

/// <summary>A compose model brought about through a real engine.</summary>
public sealed class EngineRunnerTests : IAsyncLifetime
{
    private readonly string _project = $"run{Guid.NewGuid():N}"[..16];
    private readonly EngineApi _engine = new(DockerEngine.Socket);
    private readonly List<string> _said = [];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            await DockerTestImage.EnsureAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            await Runner().DownAsync(Model(), volumes: true, CancellationToken.None);
        }

        _engine.Dispose();
    }

    [NeedsDockerFact]
    public async Task Up_MakesWhatTheModelSays()
    {
        await Runner().UpAsync(Model(), [], removeOrphans: false, Token);

        var store = await InspectAsync("store");
        var node = await InspectAsync("node");
        var network = await DockerEngine.GetAsync($"networks/{_project}-net", Token);
        Assert.Equal("healthy", (string?)store["State"]!["Health"]!["Status"]);
        Assert.True((bool)node["State"]!["Running"]!, $"the node was to run: {node["State"]}");
        Assert.Equal(Model().Networks[0].Subnet, (string?)network!["IPAM"]!["Config"]![0]!["Subnet"]);
        Assert.NotNull(node["NetworkSettings"]!["Networks"]![$"{_project}-net"]);
        Assert.Equal("node-host", (string?)node["Config"]!["Hostname"]);
        Assert.Contains("GREETING=hello $HOME", Texts(node["Config"]!["Env"]));
        Assert.Equal(["outside:192.0.2.7"], Texts(node["HostConfig"]!["ExtraHosts"]));
        Assert.Equal(["4711"], Texts(node["HostConfig"]!["GroupAdd"]));
        Assert.Equal((500_000_000L, 64L << 20), ((long)node["HostConfig"]!["NanoCpus"]!, (long)node["HostConfig"]!["Memory"]!));
        Assert.Equal([$"{_project}-data:/data:ro"], Texts(node["HostConfig"]!["Binds"]));
        Assert.Equal(_project, (string?)node["Config"]!["Labels"]![ContainerBody.ProjectLabel]);

        // Before it was healthy, what depends on it was not there.
        Assert.True(
            _said.IndexOf("→ waiting until store is healthy") is >= 0 and var waited && waited < _said.IndexOf("✓ node started"),
            string.Join("; ", _said));
    }

    [NeedsDockerFact]
    public async Task Up_Again_LeavesWhatIsAsItIsToBe_AndRemakesWhatIsNot()
    {
        await Runner().UpAsync(Model(), [], removeOrphans: false, Token);
        var (store, node) = ((string?)(await InspectAsync("store"))["Id"], (string?)(await InspectAsync("node"))["Id"]);

        await Runner().UpAsync(Model(), [], removeOrphans: false, Token);
        Assert.Equal((store, node), ((string?)(await InspectAsync("store"))["Id"], (string?)(await InspectAsync("node"))["Id"]));

        await Runner().UpAsync(Model(greeting: "other"), [], removeOrphans: false, Token);
        Assert.Equal(store, (string?)(await InspectAsync("store"))["Id"]);
        Assert.NotEqual(node, (string?)(await InspectAsync("node"))["Id"]);
    }

    [NeedsDockerFact]
    public async Task Up_BehindWhatEnded_SaysWhoEnded()
    {
        var model = Model();
        model = model with { Services = [model.Services[0] with { Command = ["sh", "-c", "exit 3"] }, model.Services[1]] };

        var refused = await Assert.ThrowsAsync<CliException>(() => Runner().UpAsync(model, [], removeOrphans: false, Token));

        Assert.StartsWith("store ended before what depends on it could start", refused.Message, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Down_RemovesItsOwn_AndTwiceIsNoMistake()
    {
        await Runner().UpAsync(Model(), ["store"], removeOrphans: false, Token);
        Assert.Null(await DockerEngine.GetAsync($"containers/{_project}-node/json", Token));

        await Runner().DownAsync(Model(), volumes: true, Token);
        await Runner().DownAsync(Model(), volumes: true, Token);

        Assert.Null(await DockerEngine.GetAsync($"containers/{_project}-store/json", Token));
        Assert.Null(await DockerEngine.GetAsync($"networks/{_project}-net", Token));
        Assert.Null(await DockerEngine.GetAsync($"volumes/{_project}-data", Token));
    }

    private EngineRunner Runner() => new(_engine, _said.Add, TimeProvider.System);

    private ComposeFile Model(string greeting = "hello $HOME") => new(
        _project,
        [
            Service("store") with
            {
                Command = ["sh", "-c", "sleep 0.3; touch /tmp/ready; exec sleep 600"],
                HealthCheck =
                    new(["test", "-f", "/tmp/ready"], TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(10), 50,
                        TimeSpan.FromMilliseconds(1)),
                Mounts = [new("data", "/data")],
            },
            Service("node") with
            {
                Hostname = "node-host",
                Command = ["sleep", "600"],
                Environment = new Dictionary<string, string> { ["GREETING"] = greeting },
                ExtraHosts = ["outside:192.0.2.7"],
                GroupAdd = ["4711"],
                DependsOn = [new("store", UntilHealthy: true)],
                LimitCpus = 0.5,
                LimitMemory = "64m",
                Mounts = [new("data", "/data", ReadOnly: true)],
            },
        ],
        // Of the project's name, so that runs beside each other do not meet.
        [new ComposeNetwork("net", $"{_project}-net", $"10.{200 + (_project[4] % 40)}.{_project[5] % 200}.{(_project[6] % 16) * 16}/28")],
        [new ComposeVolume("data", $"{_project}-data")]);

    private ComposeService Service(string name) => new()
    {
        Name = name,
        ContainerName = $"{_project}-{name}",
        Hostname = name,
        Image = DockerTestImage.Name,
        Network = "net",
    };

    private async Task<JsonNode> InspectAsync(string service)
    {
        var container = await DockerEngine.GetAsync($"containers/{_project}-{service}/json", Token);
        Assert.True(container is not null, $"{service} was to be there; said: {string.Join("; ", _said)}");
        return container;
    }

    private static List<string> Texts(JsonNode? list) => [.. list!.AsArray().Select(one => (string)one!)];
}
