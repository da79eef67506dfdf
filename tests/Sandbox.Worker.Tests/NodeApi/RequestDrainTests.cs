using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;

namespace Sandbox.Worker.Tests.NodeApi;

/// <summary>How a worker stops serving the node API without losing a call.</summary>
public sealed class RequestDrainTests : IDisposable
{
    private static readonly TimeSpan DrainWait = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly RequestDrain _drain;

    public RequestDrainTests() => _drain = new RequestDrain(Options.Create(new NodeOptions { DrainWait = DrainWait }), _time);

    public void Dispose() => _drain.Dispose();

    [Fact]
    public void Stopping_TakesNoNewCall()
    {
        using var before = _drain.TryEnter();
        _ = _drain.StoppingAsync(CancellationToken.None);

        Assert.NotNull(before);
        Assert.Null(_drain.TryEnter());
    }

    [Fact]
    public async Task Stopping_WithoutCalls_WaitsForItsQuietOnly()
    {
        var stopping = _drain.StoppingAsync(CancellationToken.None);
        Assert.False(stopping.IsCompleted, "callers were to have a moment to hear of the end");

        _time.Advance(RequestDrain.Quiet);

        await stopping.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    /// <summary>Until the store tells that the node is leaving, a caller that was refused comes again, over a new connection.</summary>
    [Fact]
    public async Task Stopping_WhileCallsAreStillRefused_WaitsForTheQuietAfterTheLastOne()
    {
        var stopping = _drain.StoppingAsync(CancellationToken.None);
        for (var calls = 0; calls < 3; calls++)
        {
            _time.Advance(RequestDrain.Quiet * 0.75);
            Assert.Null(_drain.TryEnter());
            await Task.Yield();
            Assert.False(stopping.IsCompleted, "another call might be on its way");
        }

        _time.Advance(RequestDrain.Quiet * 0.75);
        Assert.False(_drain.Cut.IsCancellationRequested, "the last refused call was less than the quiet ago");
        _time.Advance(RequestDrain.Quiet);

        await stopping.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stopping_WaitsForTheCallsUnderWay_AndCutsNone()
    {
        var (one, other) = (_drain.TryEnter()!, _drain.TryEnter()!);
        var stopping = _drain.StoppingAsync(CancellationToken.None);
        _time.Advance(RequestDrain.Quiet);
        one.Dispose();
        one.Dispose();
        Assert.False(stopping.IsCompleted, "the other call was still under way");
        Assert.False(_drain.Cut.IsCancellationRequested, "a call had time left");

        other.Dispose();

        await stopping.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Stopping_LongerThanThePatience_CutsWhatIsLeft()
    {
        using var stream = _drain.TryEnter();
        var stopping = _drain.StoppingAsync(CancellationToken.None);

        _time.Advance(DrainWait);

        await stopping.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.True(_drain.Cut.IsCancellationRequested, "a stream that goes on was to be cut after the patience");
    }

    [Fact]
    public async Task Stopping_WhileACallerKeepsItsConnection_WaitsUntilTheCallerClosesIt()
    {
        var connection = _drain.TryEnter()!;
        var stopping = _drain.StoppingAsync(CancellationToken.None);
        _time.Advance(RequestDrain.Quiet);
        Assert.False(stopping.IsCompleted, "a call might be on its way over the connection");

        connection.Dispose();

        await stopping.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }
}
