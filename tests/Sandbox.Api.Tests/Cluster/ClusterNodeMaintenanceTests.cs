using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Api.Cluster;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Cluster;

/// <summary>Maintenance of nodes that answer, that refuse and that are gone, as an API asks for it.</summary>
public sealed class ClusterNodeMaintenanceTests : IAsyncLifetime
{
    private static readonly ClusterSecret Secret =
        new(Options.Create(new ClusterOptions { Secret = "a secret of the tests that is long enough" }), TimeProvider.System);

    private static readonly MaintenanceOrder Order = new("a", MaintenanceTasks.ImagePull, ["busybox"]) { WaitsForEnd = true };

    private readonly ListedNodes _store = new();
    private readonly List<MaintenanceOrder> _received = [];
    private NodeDirectory _nodes = null!;
    private NodeConnectionPool _pool = null!;
    private WebApplication _worker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _worker = builder.Build();
        _worker.MapGet(NodeApiRoutes.Maintenance, http => JsonSerializer.SerializeAsync(
            http.Response.Body, new NodeMaintenanceReport("as it calls itself", [], [Run("a", MaintenanceRun.Running)]),
            NodeApiJson.Default.NodeMaintenanceReport, Token));
        _worker.MapPost(NodeApiRoutes.Maintenance, AnswerAsync);
        await _worker.StartAsync(Token);
        _store.Nodes =
        [
            ListedNodes.Node("w1", _worker.Urls.Single()), ListedNodes.Node("dead") with { Silence = NodeView.DeadAfter * 2 },
            ListedNodes.Node("left") with { Left = true },
        ];
        _nodes = new NodeDirectory(_store, TimeProvider.System, NullLogger<NodeDirectory>.Instance);
        _pool = new NodeConnectionPool(_nodes, Secret, TimeProvider.System);
        await _nodes.RefreshAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        _pool.Dispose();
        _nodes.Dispose();
        await _worker.DisposeAsync();
    }

    [Fact]
    public async Task Run_OnAllNodes_IsDoneByThoseThatLive_AndFailedOnThoseThatAreDead()
    {
        var runs = await Maintenance().RunAsync(Order, [], Token);

        Assert.Equal(["dead failed The node is dead.", "w1 succeeded pulled"], runs.Select(run => $"{run.Node} {run.State} {run.Message}"));
        var received = Assert.Single(_received);
        Assert.Equal(
            ("a", MaintenanceTasks.ImagePull, "busybox", true), (received.Id, received.Task, received.Images[0], received.WaitsForEnd));
    }

    [Fact]
    public async Task Run_OnNamedNodes_AsksNoOther_AndSaysWhichThereAreNot()
    {
        var runs = await Maintenance().RunAsync(Order, ["dead", "none"], Token);

        Assert.Equal(["dead The node is dead.", "none There is no such node."], runs.Select(run => $"{run.Node} {run.Message}"));
        Assert.Empty(_received);
    }

    [Fact]
    public async Task Reports_AreAskedOfAllNodes_AndTellWhichDoNotAnswer()
    {
        var reports = await Maintenance().ReadAsync(Token);

        Assert.Equal(["dead", "w1"], reports.Select(report => report.Node));
        Assert.Equal("The node is dead.", reports[0].Problem);
        Assert.Equal(MaintenanceRun.Running, Assert.Single(reports[1].Runs).State);
    }

    private static MaintenanceRun Run(string id, string state) => new(
        id, MaintenanceTasks.ImagePull, "as it calls itself", state, "pulled", DateTimeOffset.UnixEpoch,
        state is MaintenanceRun.Running ? null : DateTimeOffset.UnixEpoch);

    private async Task AnswerAsync(HttpContext http)
    {
        _received.Add((await JsonSerializer.DeserializeAsync(http.Request.Body, NodeApiJson.Default.MaintenanceOrder, Token))!);
        await JsonSerializer.SerializeAsync(
            http.Response.Body, Run("a", MaintenanceRun.Succeeded), NodeApiJson.Default.MaintenanceRun, Token);
    }

    private ClusterNodeMaintenance Maintenance() => new(_nodes, _pool, TimeProvider.System);
}
