using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Sandbox.Standalone.Tests;

public sealed class ConnectionDrainTests
{
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    [Fact]
    public void TryClose_WithNobodyThere_ClosesForGood() => Assert.True(new ConnectionDrain().TryClose());

    [Fact]
    public async Task TryClose_WithSomebodyThere_WaitsUntilTheyLeft()
    {
        var drain = new ConnectionDrain();
        var leave = new TaskCompletionSource();
        await using var connection = new DefaultConnectionContext();
        var serving = drain.TrackAsync(connection, _ => leave.Task);

        Assert.False(drain.TryClose());
        var none = drain.WhenNone();
        Assert.False(none.IsCompleted);
        leave.SetResult();
        await serving;
        await none.WaitAsync(Generous, TestContext.Current.CancellationToken);
        Assert.True(drain.TryClose());
    }

    [Fact]
    public async Task Track_AfterItWasClosed_RefusesWithoutServing()
    {
        var drain = new ConnectionDrain();
        Assert.True(drain.TryClose());
        var (near, _) = Pipes();
        var late = new DefaultConnectionContext("late", near, near);
        var served = false;

        await drain.TrackAsync(late, _ => Task.FromResult(served = true));

        Assert.False(served);
    }

    private static (IDuplexPipe Near, IDuplexPipe Far) Pipes()
    {
        var (there, back) = (new Pipe(), new Pipe());
        return (new Ends(back.Reader, there.Writer), new Ends(there.Reader, back.Writer));
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
