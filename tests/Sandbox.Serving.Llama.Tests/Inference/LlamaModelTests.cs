namespace Sandbox.Serving.Llama.Tests.Inference;

public sealed class LlamaModelTests(LlamaServer server) : IClassFixture<LlamaServer>
{
    [Fact]
    public async Task Generation_ThatIsCancelled_EndsAndLeavesItsContext()
    {
        using var cancel = new CancellationTokenSource();
        await using var answer = server.Generate(cancel.Token);
        Assert.True(await answer.MoveNextAsync(), "An answer has a first piece.");

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer.MoveNextAsync().AsTask());
        await using var next = server.Generate();
        Assert.True(await next.MoveNextAsync(), "The one context is free again.");
    }

    [Fact]
    public async Task Generation_ThatIsCancelledWhileItWaits_LeavesTheQueue()
    {
        await using var working = server.Generate();
        await working.MoveNextAsync();
        using var cancel = new CancellationTokenSource();
        await using var gone = server.Generate(cancel.Token);
        var wait = gone.MoveNextAsync();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait.AsTask());
        await using var next = server.Generate();
        var queued = next.MoveNextAsync();
        Assert.False(queued.IsCompleted, "It waits: the queue of one has room again.");
        await working.DisposeAsync();
        Assert.True(await queued, "It goes on when the context is free.");
    }
}
