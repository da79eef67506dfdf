namespace Sandbox.Api.Serving;

/// <summary>Wakes what looks at models when this process has changed one. A hint: a waiter also looks by itself, and so learns of
/// changes by other processes.</summary>
internal sealed class ModelChanges(TimeProvider time)
{
    private TaskCompletionSource _next = Fresh();

    public void Publish() => Interlocked.Exchange(ref _next, Fresh()).TrySetResult();

    /// <summary>Completes at the first change after this call. Taken before a look, it misses none.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Waits for a change, or a while.</summary>
    public async Task WaitAsync(Task next, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(next, Task.Delay(longest, time, waited.Token));
        await waited.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
