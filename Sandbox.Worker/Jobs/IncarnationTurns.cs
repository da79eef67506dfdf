using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;

namespace Sandbox.Worker.Jobs;

/// <summary>Who may touch a container now: its job, or the upkeep, but never both at once.</summary>
internal sealed class IncarnationTurns
{
    private readonly ConcurrentDictionary<IncarnationId, TaskCompletionSource> _taken = new();

    /// <summary>Waits for the turn; dispose the answer to give it back.</summary>
    public async Task<IDisposable> EnterAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var mine = new Turn(this, incarnation);
        while (_taken.GetOrAdd(incarnation, mine.Left) is var holder && holder != mine.Left)
        {
            await holder.Task.WaitAsync(cancellationToken);
        }

        return mine;
    }

    /// <summary>The turn, or null when somebody has it.</summary>
    public IDisposable? TryEnter(IncarnationId incarnation)
    {
        var mine = new Turn(this, incarnation);
        return _taken.TryAdd(incarnation, mine.Left) ? mine : null;
    }

    private sealed class Turn(IncarnationTurns turns, IncarnationId incarnation) : IDisposable
    {
        public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            if (turns._taken.TryRemove(KeyValuePair.Create(incarnation, Left)))
            {
                Left.SetResult();
            }
        }
    }
}
