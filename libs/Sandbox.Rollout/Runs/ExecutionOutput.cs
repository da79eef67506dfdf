using System.Runtime.CompilerServices;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Runs;

/// <summary>What a run printed and prints, from any position, whichever process follows it.</summary>
public sealed class ExecutionOutput(IRolloutStore store, TimeProvider time)
{
    private const int MostAtOnce = 500;

    // Wake-ups are hints.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>The lines behind a position, as they come, until the run is over.</summary>
    /// <param name="after">The number of the last line that the reader has; 0 for all.</param>
    public async IAsyncEnumerable<OutputLine> ReadAsync(
        Guid execution, long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            using var change = store.Subscribe();

            // Asked before the lines are read: those of a run that is over are all there.
            var isOver = await store.FindExecutionAsync(execution, cancellationToken) is not { IsActive: true };
            while (await store.OutputAsync(execution, after, MostAtOnce, cancellationToken) is { Count: > 0 } lines)
            {
                foreach (var line in lines)
                {
                    yield return line;
                    after = line.Number;
                }
            }

            if (isOver)
            {
                yield break;
            }

            using var waited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(change.Changed, Task.Delay(LookEvery, time, waited.Token));
            await waited.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
