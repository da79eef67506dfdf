using System.Threading.Channels;
using Npgsql;

namespace Sandbox.Storage.Postgres;

/// <summary>
/// What is asked of one kind, asked together: while one statement is under way the next items gather, so that a busy process pays
/// one round trip and one commit for many, and an idle one waits for nothing. No caller gets an answer before the commit, and none
/// from before it asked. A statement that does not answer, because its connection hangs or it waits for another's lock, keeps only its
/// own callers waiting: after a second the next one goes beside it.
/// </summary>
/// <param name="run">Writes (or reads) the items, of which no two have the same key, in one transaction, and answers for each in
/// turn.</param>
/// <param name="keyOf">What two items of one transaction may not have in common.</param>
/// <param name="isRead">It changes nothing: what a silent statement was asked is asked again with the next, and the first answer
/// counts.</param>
internal sealed class SharedStatements<TItem, TAnswer>(
    Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TAnswer>>> run, Func<TItem, object> keyOf, TimeProvider time, bool isRead = false)
{
    private const int Most = 256;

    // With more of them it is not a connection that hangs, and asking ever more would not help.
    private const int MostSilent = 3;

    private readonly Channel<Asked> _waiting = Channel.CreateUnbounded<Asked>();
    private readonly Queue<Asked> _later = new();

    // By the key of what a silent statement writes: what came for the same key since. Its own lock.
    private readonly Dictionary<object, Queue<Asked>> _behind = [];
    private int _running, _silent;

    public async Task<TAnswer> RunAsync(TItem item, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var mine = new Asked(item, new TaskCompletionSource<TAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
        _waiting.Writer.TryWrite(mine);
        _ = RunWaitingAsync();

        // Once it is on its way it is written, whether or not its caller still waits for the answer.
        return await mine.Answer.Task.WaitAsync(cancellationToken);
    }

    private async Task RunWaitingAsync()
    {
        // A caller that comes while another runs leaves its item to that one, which looks again after it has let go.
        while (_waiting.Reader.TryPeek(out _) && Interlocked.Exchange(ref _running, 1) == 0)
        {
            // Nothing, if another took it between the look and the start of this run.
            while (Take() is { Count: > 0 } together)
            {
                await EndOrPatienceAsync(RunAsync(together), together);
            }

            // With a full fence: let go first and look then, or an item that came in between would lie there until the next one.
            Interlocked.Exchange(ref _running, 0);
        }
    }

    private async Task EndOrPatienceAsync(Task statement, List<Asked> together)
    {
        while (true)
        {
            try
            {
                await statement.WaitAsync(PostgresDatabase.Patience, time);
                return;
            }
            catch (TimeoutException)
            {
                if (Volatile.Read(ref _silent) < MostSilent)
                {
                    _ = LeaveAsync(statement, together);
                    return;
                }
            }
        }
    }

    /// <summary>Until the statement ends after all, what it writes is written by no other.</summary>
    private async Task LeaveAsync(Task statement, List<Asked> together)
    {
        Interlocked.Increment(ref _silent);
        if (isRead)
        {
            together.FindAll(one => !one.Answer.Task.IsCompleted).ForEach(_later.Enqueue);
            await statement;
        }
        else
        {
            lock (_behind)
            {
                together.ForEach(one => _behind.Add(keyOf(one.Item), new()));
            }

            await statement;
            lock (_behind)
            {
                foreach (var next in together.SelectMany(one => _behind.Remove(keyOf(one.Item), out var behind) ? behind : []))
                {
                    _waiting.Writer.TryWrite(next);
                }
            }
        }

        Interlocked.Decrement(ref _silent);
        await RunWaitingAsync();
    }

    /// <summary>Those that came first; a second one with the same key waits for the next statement, and so does all that comes
    /// after it with that key.</summary>
    private List<Asked> Take()
    {
        var (together, keys) = (new List<Asked>(), new HashSet<object>());
        for (var kept = _later.Count; kept > 0; kept--)
        {
            Sort(_later.Dequeue());
        }

        while (together.Count < Most && _waiting.Reader.TryRead(out var next))
        {
            Sort(next);
        }

        return together;

        void Sort(Asked next)
        {
            var key = keyOf(next.Item);
            if (IsBehind(key, next))
            {
                return;
            }

            if (together.Count < Most && keys.Add(key))
            {
                together.Add(next);
            }
            else
            {
                _later.Enqueue(next);
            }
        }
    }

    private bool IsBehind(object key, Asked next)
    {
        lock (_behind)
        {
            if (_behind.GetValueOrDefault(key) is not { } behind)
            {
                return false;
            }

            behind.Enqueue(next);
            return true;
        }
    }

    private async Task RunAsync(List<Asked> together)
    {
        try
        {
            var answers = await run([.. together.Select(one => one.Item)]);
            for (var i = 0; i < together.Count; i++)
            {
                together[i].Answer.TrySetResult(answers[i]);
            }
        }
        catch (Exception exception) when (together.Count > 1 && WroteNothing(exception))
        {
            // One of them cannot be written: it fails alone, and the others are written. (A record that cannot be read, likewise.)
            foreach (var one in together)
            {
                await RunAsync([one]);
            }
        }
        catch (Exception exception)
        {
            // Each of them tells its own caller.
            together.ForEach(one => one.Answer.TrySetException(exception));
        }
    }

    /// <summary>The server refused the statement, or it never reached the server. A connection that broke meanwhile may have carried it,
    /// and then writing it again could be a second time.</summary>
    private static bool WroteNothing(Exception exception) => exception switch
    {
        PostgresException refused => !refused.IsTransient,
        NpgsqlException or IOException or TimeoutException or OperationCanceledException => false,
        _ => true,
    };

    private sealed record Asked(TItem Item, TaskCompletionSource<TAnswer> Answer);
}
