using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Jobs;

/// <summary>Notices that a record has moved on (a stop while the image is pulled), so that a start ends promptly.</summary>
internal sealed class RecordWatch : IAsyncDisposable
{
    // Wake-ups are hints: a missed one is made good by looking from time to time.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _moved = new();
    private readonly CancellationTokenSource _disposed = new();
    private readonly Task _watching;

    public RecordWatch(SandboxInstance record, ISandboxStore store, IChangeFeed feed, TimeProvider time) =>
        _watching = WatchAsync(record, store, feed, time);

    /// <summary>Ends when the record's version is no longer what it was.</summary>
    public CancellationToken Moved => _moved.Token;

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync();
        await _watching;
        _disposed.Dispose();
        _moved.Dispose();
    }

    private async Task WatchAsync(SandboxInstance record, ISandboxStore store, IChangeFeed feed, TimeProvider time)
    {
        try
        {
            while (true)
            {
                using var change = feed.Subscribe(record.Id);
                if (await HasMovedAsync(record, store))
                {
                    await _moved.CancelAsync();
                    return;
                }

                using var look = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
                await Task.WhenAny(change.Changed, Task.Delay(LookEvery, time, look.Token));
                await look.CancelAsync();
                _disposed.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException)
        {
            // The watch is disposed.
        }
    }

    private async Task<bool> HasMovedAsync(SandboxInstance record, ISandboxStore store)
    {
        try
        {
            var current = await store.FindAsync(record.Id, _disposed.Token);
            return current is null || current.Version != record.Version || current.Incarnation != record.Incarnation;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The store fails now: the next look tells. A caller that writes to it meets the failure itself.
            return false;
        }
    }
}
