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

/// <summary>What an API tells of nodes that answer, that refuse, that are gone, and whose clocks differ.</summary>
public sealed class ClusterNodeDiagnosticsTests : IAsyncLifetime
{
    private static readonly ClusterSecret Secret =
        new(Options.Create(new ClusterOptions { Secret = "a secret of the tests that is long enough" }), TimeProvider.System);

    private readonly ListedNodes _store = new();
    private NodeDirectory _nodes = null!;
    private NodeConnectionPool _pool = null!;
    private WebApplication _worker = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What the worker answers.</summary>
    private RequestDelegate Answer { get; set; } = _ => Task.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _worker = builder.Build();
        _worker.MapFallback(http => Answer(http));
        await _worker.StartAsync(Token);
        _store.Nodes = [ListedNodes.Node("w1", _worker.Urls.Single())];
        _nodes = new NodeDirectory(_store, TimeProvider.System, NullLogger<NodeDirectory>.Instance);
        _pool = new NodeConnectionPool(_nodes, Secret, TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _pool.Dispose();
        _nodes.Dispose();
        await _worker.DisposeAsync();
    }

    [Theory]
    [InlineData(0, DiagnosticCheck.Ok)]
    [InlineData(-5, DiagnosticCheck.Warning)]
    [InlineData(25, DiagnosticCheck.Failed)]
    public async Task Node_ThatAnswers_IsToldWithHowFarItsClockIs(int secondsAhead, string expected)
    {
        Answer = http => TellAsync(http, TimeSpan.FromSeconds(secondsAhead));

        var told = Assert.Single(await ReadAsync());

        Assert.Equal(("w1", "2.0.0"), (told.Node, told.Version));
        Assert.Equal(["clock", "seccomp"], told.Checks.Select(check => check.Name));
        Assert.True(
            told.Checks[0].Status == expected, $"a clock that is {secondsAhead} s ahead was to be '{expected}': {told.Checks[0]}");
    }

    [Theory]
    [InlineData(404, "does not know this question")]
    [InlineData(401, "does not accept what this server signs")]
    [InlineData(500, "HTTP status 500")]
    public async Task Node_ThatRefuses_IsAFailedCheckWithTheReason(int status, string reason)
    {
        Answer = http =>
        {
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        };

        var check = Assert.Single(Assert.Single(await ReadAsync()).Checks);

        Assert.Equal(("node", DiagnosticCheck.Failed), (check.Name, check.Status));
        Assert.Contains(reason, check.Found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_ThatAnswersNonsense_IsAFailedCheck()
    {
        Answer = http => http.Response.WriteAsync("[1,2", Token);

        Assert.Equal(DiagnosticCheck.Failed, Assert.Single(Assert.Single(await ReadAsync()).Checks).Status);
    }

    [Fact]
    public async Task Nodes_ThatAreDead_AreWarnedOf_AndThoseThatLeft_AreNotTold()
    {
        _store.Nodes =
        [
            ListedNodes.Node("dead") with { Silence = NodeView.DeadAfter * 2 },
            ListedNodes.Node("left") with { Left = true },
        ];

        var told = Assert.Single(await ReadAsync());

        Assert.Equal("dead", told.Node);
        Assert.Equal(DiagnosticCheck.Warning, Assert.Single(told.Checks).Status);
    }

    private static Task TellAsync(HttpContext http, TimeSpan ahead)
    {
        var at = (TimeProvider.System.GetUtcNow() + ahead).ToUnixTimeMilliseconds();
        var told = new NodeDiagnostics("as it calls itself", "2.0.0", at, [DiagnosticCheck.Good("seccomp", "on")]);
        return JsonSerializer.SerializeAsync(http.Response.Body, told, NodeApiJson.Default.NodeDiagnostics, http.RequestAborted);
    }

    private async Task<IReadOnlyList<NodeDiagnostics>> ReadAsync()
    {
        await _nodes.RefreshAsync(Token);
        return await new ClusterNodeDiagnostics(_nodes, _pool, TimeProvider.System).ReadAsync(Token);
    }
}
