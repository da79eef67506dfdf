using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Api.Cluster;
using Sandbox.Cluster;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Cluster;

/// <summary>How calls go to a worker that is slow, that is silent, and that is being ended, over real connections.</summary>
public sealed class NodeConnectionPoolTests : IAsyncLifetime
{
    private static readonly TimeSpan Never = TimeSpan.FromMinutes(1);

    private readonly ToldTime _time = new();
    private readonly ListedNodes _store = new();
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NodeDirectory _nodes = null!;
    private NodeConnectionPool _pool = null!;
    private WorkerPort _worker = null!;
    private NodeView _node = null!;

    public async ValueTask InitializeAsync()
    {
        _worker = await WorkerPort.StartAsync();
        _store.Nodes = [_node = ListedNodes.Node("w1", _worker.Address)];
        _nodes = new NodeDirectory(_store, _time, NullLogger<NodeDirectory>.Instance);
        var options = Options.Create(new ClusterOptions { Secret = "a secret of the tests that is long enough" });
        _pool = new NodeConnectionPool(_nodes, new ClusterSecret(options, _time), _time);
    }

    public async ValueTask DisposeAsync()
    {
        _gate.TrySetResult();
        _pool.Dispose();
        _nodes.Dispose();
        await _worker.DisposeAsync();
    }

    [Fact]
    public async Task Call_ToAWorkerThatTellsTheStoreThatItLives_WaitsThoughItDoesNotAnswerPings()
    {
        (_worker.CallGate, _worker.PingGate) = (_gate.Task, _gate.Task);
        var call = CallAsync();

        await UntilAskedAsync();
        _time.Advance(NodeConnection.PingWait);
        await UntilAskedAsync();

        Assert.False(call.IsCompleted, "a worker that is only slow was to be waited for");
        _gate.SetResult();
        Assert.Equal("first second", await TextAsync(await call.WaitAsync(Never)));
    }

    [Fact]
    public async Task Call_ToAWorkerThatTellsNobodyThatItLives_Fails()
    {
        (_worker.CallGate, _worker.PingGate) = (_gate.Task, _gate.Task);
        _store.Nodes = [_node with { Silence = NodeConnection.FirstDoubt + NodeConnection.PingWait }];
        var call = CallAsync();

        await UntilAskedAsync();
        _time.Advance(NodeConnection.PingWait);

        await Assert.ThrowsAsync<NodeSilentException>(() => call.WaitAsync(Never));
        var took = _time.GetUtcNow() - _time.Start;
        Assert.True(took < TimeSpan.FromSeconds(5), $"a caller hears within 5 s that a node is dead, not after {took}");
    }

    [Fact]
    public async Task Call_ToAWorkerThatCannotBeReachedFromHere_FailsThoughItTellsTheStoreThatItLives()
    {
        (_worker.CallGate, _worker.PingGate) = (_gate.Task, _gate.Task);
        var call = CallAsync();

        var round = NodeConnection.FirstDoubt + NodeConnection.PingWait;
        for (var waited = TimeSpan.Zero; waited < NodeConnection.LongestSilence; waited += round)
        {
            await UntilAskedAsync();
            _time.Advance(NodeConnection.PingWait);
        }

        await Assert.ThrowsAsync<NodeSilentException>(() => call.WaitAsync(Never));
    }

    [Fact]
    public async Task Line_OfANodeThatSaysThatItLeaves_ClosesWhatIdles()
    {
        Assert.Equal("first second", await TextAsync(await CallAsync().WaitAsync(Never)));

        _store.Nodes = [_node with { Load = _node.Load with { Leaving = true } }];
        await _nodes.RefreshAsync(TestContext.Current.CancellationToken);

        await UntilClosedAsync();
    }

    [Fact]
    public async Task Answer_ThatIsBeingReadWhenItsNodeLeaves_IsReadToItsEnd()
    {
        _worker.BodyGate = _gate.Task;
        var answer = await CallAsync().WaitAsync(Never);

        _pool.Retire("w1");
        _gate.SetResult();

        Assert.Equal("first second", await TextAsync(answer));
        await UntilClosedAsync();
    }

    [Fact]
    public async Task Call_UnderWayWhenItsNodeLeaves_IsAnswered()
    {
        _worker.CallGate = _gate.Task;
        var call = CallAsync();
        await _worker.Calls.ReadAsync().AsTask().WaitAsync(Never);

        _pool.Retire("w1");
        _gate.SetResult();

        Assert.Equal("first second", await TextAsync(await call.WaitAsync(Never)));
        await UntilClosedAsync();
    }

    /// <summary>The call has waited for so long that its worker is asked whether it lives.</summary>
    private async Task UntilAskedAsync()
    {
        using var never = new CancellationTokenSource(Never);
        try
        {
            while (await _time.Timers.ReadAsync(never.Token) != NodeConnection.FirstDoubt)
            {
            }

            _time.Advance(NodeConnection.FirstDoubt);
            await _worker.Pings.ReadAsync(never.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail("a call that waits for its answer was to ask whether its worker lives, and did not: it was given up");
        }
    }

    /// <summary>The API closes its own connection: one that the worker closed might have a call on its way.</summary>
    private async Task UntilClosedAsync()
    {
        var closed = _worker.Closed.ReadAsync().AsTask();
        var first = await Task.WhenAny(closed, Task.Delay(Never, TimeProvider.System, CancellationToken.None));
        Assert.True(first == closed, "a connection that idles was to be closed when its node said that it leaves");
    }

    private async Task<HttpResponseMessage> CallAsync()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_node.Facts.Address, "/v1/agents/box/1/x"));
        return await _pool.SendAsync(_node, request, TestContext.Current.CancellationToken);
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            return await answer.Content.ReadAsStringAsync().WaitAsync(Never);
        }
    }
}
