using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sandbox.Cli.Clusters;
using Sandbox.ClusterFile.Compose;
using Sandbox.Testing;

namespace Sandbox.Cli.Tests.Clusters;

public sealed class HostPortsTests : IAsyncLifetime
{
    private readonly string _project = $"ports{Guid.NewGuid():N}"[..16];
    private readonly EngineApi _engine = new(DockerEngine.Socket);
    private readonly TempFolder _folder = new();
    private readonly int _port = ReservedPorts.Next();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Stranger => $"{_project}-stranger";

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
            foreach (var name in (string[])[Stranger, $"{_project}-api"])
            {
                await DockerEngine.RemoveContainerAsync(name, CancellationToken.None);
            }

            await Run(Model()).DownAsync(volumes: true, removeOrphans: false, CancellationToken.None);
        }

        _engine.Dispose();
        _folder.Dispose();
    }

    [NeedsDockerFact]
    public async Task Up_OnAPortOfAnotherContainer_IsRefusedBeforeAnythingIsMade()
    {
        await MakeAsync(Stranger, _port, start: true);

        var refused = await Assert.ThrowsAsync<CliException>(() => Run(Model()).UpAsync([], detached: true, removeOrphans: false, Token));

        Assert.Matches($@"^port {_port}, which api is to have, is taken by container {Stranger} \(\d+ is free\)$", refused.Message);
        Assert.Null(await DockerEngine.GetAsync($"networks/{_project}-net", Token));
    }

    [NeedsDockerFact]
    public async Task Up_WhereItsOwnContainerHasThePort_GoesOn()
    {
        Assert.Equal(0, await Run(Model()).UpAsync([], detached: true, removeOrphans: false, Token));

        Assert.Equal(0, await Run(Model()).UpAsync([], detached: true, removeOrphans: false, Token));
    }

    [NeedsDockerFact]
    public async Task Free_IsNeverWhatAStoppedContainerHas_NorWhatWasNamedBefore()
    {
        await MakeAsync(Stranger, _port, start: false);
        var ports = await HostPorts.ScanAsync(_engine, Token);

        ports.Check(Model(), Model().Services);
        var (first, second) = (ports.FindFree(above: _port - 1), ports.FindFree(above: _port - 1));

        Assert.True(first > _port, $"{_port} is the stopped container's, and {first} was said to be free");
        Assert.True(second > first, $"{first} was named twice");
    }

    [NeedsDockerFact]
    public async Task Up_OnAPortOfAProgram_IsRefused()
    {
        using var program = new TcpListener(IPAddress.Loopback, _port);
        program.Start();

        var refused = await Assert.ThrowsAsync<CliException>(() => Run(Model()).UpAsync([], detached: true, removeOrphans: false, Token));

        Assert.StartsWith(
            $"port {_port}, which api is to have, is taken by a program of this machine", refused.Message, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Up_OfServicesThatHaveNoPort_AsksNobodyForOthers()
    {
        await MakeAsync(Stranger, _port, start: true);
        var ports = await HostPorts.ScanAsync(_engine, Token);

        ports.Check(Model(), []);
    }

    [Fact]
    public async Task Scan_OfAnEngineThatKnowsOnlySome_UsesWhatItKnows()
    {
        var socket = _folder.File("engine.sock");
        await using var app = await PartialEngineAsync(socket, $$"""{"Id":"runs","Names":["/runs"],"State":"running","Ports":[{"PrivatePort":22,"Type":"tcp"},{"PrivatePort":80,"PublicPort":{{_port}},"Type":"tcp"}]}""");
        using var engine = new EngineApi(socket);

        var ports = await HostPorts.ScanAsync(engine, Token);

        var refused = Assert.Throws<CliException>(() => ports.Check(Model(), Model().Services));
        var told = Regex.Match(refused.Message, @"is taken by container runs \((\d+) is free\)$");
        Assert.True(told.Success && int.Parse(told.Groups[1].Value, CultureInfo.InvariantCulture) > _port + 4, refused.Message);
    }

    [Fact]
    public async Task Check_WherePortsOfTheSameNumberAreOfUdp_IsContent()
    {
        var socket = _folder.File("engine.sock");
        await using var app = await PartialEngineAsync(socket, $$"""{"Id":"names","Names":["/names"],"State":"running","Ports":[{"PrivatePort":53,"PublicPort":{{_port}},"Type":"udp"}]}""");
        using var engine = new EngineApi(socket);

        (await HostPorts.ScanAsync(engine, Token)).Check(Model(), Model().Services);
    }

    /// <summary>Beside the one that runs: the next four ports belong to one that is stopped; one vanishes when it is
    /// asked about, one makes the engine fail, and one says nothing of use.</summary>
    private async Task<WebApplication> PartialEngineAsync(string socket, string running)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket));
        var app = builder.Build();
        app.Run(http => http.Request.Path.Value switch
        {
            "/v1.41/containers/json" => http.Response.WriteAsync($$"""
                [{"Id":"gone","Names":["/gone"],"State":"exited"}, {"Id":"broken","Names":["/broken"],"State":"dead"}, {"Id":"odd","State":"created"}, {},
                 {{running}},
                 {"Id":"rests","Names":["/rests"],"State":"exited"}]
                """, Token),
            "/v1.41/containers/rests/json" => http.Response.WriteAsync(
                $$"""{"HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"{{_port + 1}}-{{_port + 4}}"},{"HostPort":""},{"HostPort":"x"}],"81/tcp":null} } }""", Token),
            "/v1.41/containers/odd/json" => http.Response.WriteAsync("""{"HostConfig":{"PortBindings":null}}""", Token),
            "/v1.41/containers/broken/json" => RefuseAsync(http.Response, 500),
            _ => RefuseAsync(http.Response, 404),
        });
        await app.StartAsync(Token);
        return app;
    }

    private static Task RefuseAsync(HttpResponse response, int status)
    {
        response.StatusCode = status;
        return response.WriteAsync("""{"message":"no"}""", Token);
    }

    private async Task MakeAsync(string name, int port, bool start)
    {
        var binding = new JsonObject { ["HostPort"] = port.ToString(CultureInfo.InvariantCulture) };
        await DockerEngine.PostAsync(
            $"containers/create?name={name}",
            new
            {
                Image = DockerTestImage.Name,
                Cmd = "sleep 600".Split(' '),
                ExposedPorts = new Dictionary<string, object> { ["80/tcp"] = new() },
                HostConfig = new { PortBindings = new Dictionary<string, JsonObject[]> { ["80/tcp"] = [binding] } },
            },
            Token);
        if (start)
        {
            await DockerEngine.PostAsync($"containers/{name}/start", null, Token);
        }
    }

    private ClusterRun Run(ComposeFile file) =>
        new(new ClusterFolder(_folder.File("cluster.yaml")), ClusterFolder.MainText, file, _engine, _ => { }, TimeProvider.System);

    private ComposeFile Model() => new(
        _project,
        [
            new ComposeService
            {
                Name = "api",
                ContainerName = $"{_project}-api",
                Hostname = "api",
                Image = DockerTestImage.Name,
                Network = "net",
                Command = ["sleep", "600"],
                Ports = [new ComposePort(_port, 80)],
            },
        ],
        [new ComposeNetwork("net", $"{_project}-net", $"10.{200 + (_project[6] % 40)}.{_project[7] % 200}.{(_project[8] % 16) * 16}/28")],
        []);
}
