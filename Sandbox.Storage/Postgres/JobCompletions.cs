using System.Threading.Channels;
using NpgsqlTypes;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>
/// Ends of jobs, written together: while one statement is under way the next ends gather, so that a busy worker pays one
/// commit for many and an idle one waits for nothing.
/// </summary>
internal sealed class JobCompletions(PostgresDatabase database)
{
    private const int Most = 256;

    private const string Complete = """
        DELETE FROM jobs USING unnest(@ids, @attempts) AS done (id, attempt)
        WHERE jobs.id = done.id AND jobs.attempt = done.attempt AND jobs.node IS NOT NULL
        RETURNING jobs.id
        """;

    private readonly Channel<Ending> _endings = Channel.CreateUnbounded<Ending>();
    private int _writing;

    /// <summary>Whether the job was still held by this attempt.</summary>
    public async Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ending = new Ending(job, new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously));
        _endings.Writer.TryWrite(ending);
        _ = WriteAsync();

        // Once it is on its way it is written, whether or not somebody still waits for the answer.
        return await ending.Held.Task.WaitAsync(cancellationToken);
    }

    private async Task WriteAsync()
    {
        // Whoever comes while another writes leaves its ending to that one, which looks again after it has let go.
        while (_endings.Reader.TryPeek(out _) && Interlocked.Exchange(ref _writing, 1) == 0)
        {
            var together = new List<Ending>();
            while (together.Count < Most && _endings.Reader.TryRead(out var ending))
            {
                together.Add(ending);
            }

            await WriteAsync(together);
            Volatile.Write(ref _writing, 0);
        }
    }

    private async Task WriteAsync(List<Ending> together)
    {
        try
        {
            var held = await database.WriteAsync(
                connection => Sql.RowsAsync(
                    connection,
                    Sql.Statement(Complete)
                        .With("ids", NpgsqlDbType.Array | NpgsqlDbType.Bigint, together.Select(ending => ending.Job.Id).ToArray())
                        .With("attempts", NpgsqlDbType.Array | NpgsqlDbType.Integer, together.Select(ending => ending.Job.Attempt).ToArray()),
                    row => row.GetInt64(0),
                    CancellationToken.None),
                CancellationToken.None);
            var ids = held.ToHashSet();
            together.ForEach(ending => ending.Held.SetResult(ids.Contains(ending.Job.Id)));
        }
        catch (Exception exception)
        {
            // Each of them tells its own caller.
            together.ForEach(ending => ending.Held.SetException(exception));
        }
    }

    private sealed record Ending(ClaimedJob Job, TaskCompletionSource<bool> Held);
}
