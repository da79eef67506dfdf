using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Operators;

/// <summary>Waiting for something to become true of a sandbox: woken by each change, and looking by itself now and then,
/// because wake-ups are hints.</summary>
internal static class RecordWaits
{
    /// <summary>The first answer that is not null. The subscription is made before each look, so that no change between the
    /// look and the wait is missed.</summary>
    public static async Task<T> UntilAsync<T>(
        this IChangeFeed feed, SandboxId id, Func<Task<T?>> look, TimeSpan every, TimeProvider time, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            using var change = feed.Subscribe(id);
            if (await look() is { } answer)
            {
                return answer;
            }

            using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(change.Changed, Task.Delay(every, time, waited.Token));
            await waited.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
