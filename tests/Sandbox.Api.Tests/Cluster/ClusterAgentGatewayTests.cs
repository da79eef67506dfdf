using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Api.Caching;
using Sandbox.Api.Cluster;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Cluster;

/// <summary>How long a call waits for the node of its sandbox; the record is in the real store.</summary>
public sealed class ClusterAgentGatewayTests : IAsyncLifetime
{
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan UntilLost = NodeView.DeadAfter + NodeView.LostGrace;

    private readonly TempFolder _folder = new();
    private readonly ToldTime _time = new();
    private readonly ListedNodes _store = new();
    private readonly NodeView _node = ListedNodes.Node("w1");
    private ServiceProvider _stores = null!;
    private NodeDirectory _nodes = null!;
    private NodeConnectionPool _pool = null!;
    private SandboxRecordCache _sandboxes = null!;
    private SandboxInstance _box = null!;

    private ClusterAgentGateway Gateway => new(_sandboxes, _nodes, _pool, _time);

    public async ValueTask InitializeAsync()
    {
        _stores = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddLogging().AddMetrics()
            .AddStandaloneStorage(_folder.File("sandboxes.db")).BuildServiceProvider();
        _sandboxes = new SandboxRecordCache(
            _stores.GetRequiredService<ISandboxStore>(), _stores.GetRequiredService<IChangeFeed>(), _time);
        _nodes = new NodeDirectory(_store, _time, NullLogger<NodeDirectory>.Instance);
        var options = Options.Create(new ClusterOptions { Secret = "a secret of the tests that is long enough" });
        _pool = new NodeConnectionPool(_nodes, new ClusterSecret(options, _time), _time);
        _box = new SandboxInstance
        {
            Id = SandboxId.Parse("box"),
            Version = 1,
            State = SandboxState.Running,
            Incarnation = IncarnationId.New(),
            CreatedAt = _time.GetUtcNow(),
            HostName = "w1",
            Spec = SandboxSpec.FromFlatFields(DeploymentKind.Docker, "image", cpus: 1, memoryBytes: 1 << 30, diskBytes: null),
        };
        var job = new StartSandboxJob { SandboxId = _box.Id, SandboxVersion = 1, Incarnation = _box.Incarnation };
        var created = await _stores.GetRequiredService<ISandboxStore>().TryCreateAsync(_box, job, CancellationToken.None);
        Assert.True(created.TryGet(out _, out var error), error?.Text);
    }

    public async ValueTask DisposeAsync()
    {
        _pool.Dispose();
        _nodes.Dispose();
        _sandboxes.Dispose();
        await _stores.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reach_ANodeThatLeaves_WaitsForItsNextLifeUntilItsSandboxesAreLost(bool hasLeft)
    {
        await TellAsync(Leaving(hasLeft));
        var reaching = Gateway.ReachAsync(_box.Id, TestContext.Current.CancellationToken);

        await PassAsync(
            reaching, UntilLost - TimeSpan.FromSeconds(1), silence => Leaving(hasLeft) with { Silence = silence });
        Assert.False(reaching.IsCompleted, "a node that is being restarted on a busy machine was to be waited for");
        _store.Nodes = [_node with { Epoch = 2 }];

        await PassAsync(reaching, TimeSpan.FromSeconds(1), _ => _node with { Epoch = 2 });
        Assert.True((await reaching.WaitAsync(Never)).TryGet(out var reached, out var error), error?.Text);
        Assert.Equal(2, reached.Node.Epoch);
    }

    [Fact]
    public async Task Reach_ANodeThatLeftAndDoesNotReturn_SaysSo()
    {
        await TellAsync(Leaving(hasLeft: true));
        var reaching = Gateway.ReachAsync(_box.Id, TestContext.Current.CancellationToken);

        await PassAsync(
            reaching, UntilLost + TimeSpan.FromSeconds(1), silence => Leaving(hasLeft: true) with { Silence = silence });

        Assert.False((await reaching.WaitAsync(Never)).TryGet(out _, out var error), "a node that does not return was to be given up");
        Assert.Equal("its node w1 has left the cluster", Assert.IsType<SandboxError.AgentUnreachable>(error).Reason);
    }

    [Fact]
    public async Task Open_AfterItsTenantWasChecked_ReadsTheRecordNoSecondTime()
    {
        await TellAsync(_node);
        var request = new DefaultHttpContext();
        request.Features.Set(new Caller(_box.Tenant, IsAdmin: false));
        var tenants = new TenantResolver(_sandboxes, new CurrentCaller(new HttpContextAccessor { HttpContext = request }));
        Assert.True(await tenants.SeesAsync(_box.Id, TestContext.Current.CancellationToken), "it is the caller's own");
        await using (var file = new SqliteConnection($"Data Source={_folder.File("sandboxes.db")}"))
        {
            await file.OpenAsync(TestContext.Current.CancellationToken);
            await using var drop = file.CreateCommand();
            drop.CommandText = "DROP TABLE sandboxes";
            await drop.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var opened = await Gateway.OpenAsync(_box.Id, TestContext.Current.CancellationToken);

        Assert.True(opened.TryGet(out var call, out var error), $"what was read for the tenant has the place too, but: {error?.Text}");
        call.Dispose();
    }

    private NodeView Leaving(bool hasLeft) => _node with { Left = hasLeft, Load = _node.Load with { Leaving = true } };

    private async Task TellAsync(NodeView node)
    {
        _store.Nodes = [node];
        await _nodes.RefreshAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Lets time pass, each time that the call waits, with the node as it is after so long a silence.</summary>
    private async Task PassAsync(Task reaching, TimeSpan time, Func<TimeSpan, NodeView> node)
    {
        using var never = new CancellationTokenSource(Never);
        for (var passed = TimeSpan.Zero; passed < time;)
        {
            var waits = _time.Timers.ReadAsync(never.Token).AsTask();
            if (await Task.WhenAny(reaching, waits) == reaching)
            {
                return;
            }

            var step = await waits;
            passed += step;
            _store.Nodes = [node(passed)];
            _time.Advance(step);
        }
    }
}
