using NpgsqlTypes;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Ends of jobs, written together.</summary>
internal sealed class JobCompletions(PostgresDatabase database)
{
    private const string Complete = """
        DELETE FROM jobs USING unnest(@ids, @attempts) AS done (id, attempt)
        WHERE jobs.id = done.id AND jobs.attempt = done.attempt AND jobs.node IS NOT NULL
        RETURNING jobs.id
        """;

    private readonly SharedStatements<ClaimedJob, bool> _writes = new(jobs => WriteAsync(database, jobs), job => job, database.Time);

    /// <summary>Whether the job was still held by this attempt.</summary>
    public Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken) => _writes.RunAsync(job, cancellationToken);

    private static async Task<IReadOnlyList<bool>> WriteAsync(PostgresDatabase database, IReadOnlyList<ClaimedJob> jobs)
    {
        var held = await database.WriteAsync(
            connection => Sql.RowsAsync(
                connection,
                Sql.Statement(Complete)
                    .With("ids", NpgsqlDbType.Array | NpgsqlDbType.Bigint, jobs.Select(job => job.Id).ToArray())
                    .With("attempts", NpgsqlDbType.Array | NpgsqlDbType.Integer, jobs.Select(job => job.Attempt).ToArray()),
                row => row.GetInt64(0),
                CancellationToken.None),
            CancellationToken.None);
        var ids = held.ToHashSet();
        return [.. jobs.Select(job => ids.Contains(job.Id))];
    }
}
