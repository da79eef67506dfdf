using Npgsql;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Postgres;

/// <summary>Claims of what waits for a node that is gone.</summary>
internal static class StrandedClaims
{
    // A loose scan, as that of the tenants: one step in the index for each node that something waits for.
    private const string Take = """
        WITH RECURSIVE awaited (name) AS (
            (SELECT pinned FROM jobs WHERE node IS NULL AND NOT is_start AND pinned IS NOT NULL ORDER BY pinned LIMIT 1)
            UNION ALL
            SELECT (SELECT jobs.pinned FROM jobs WHERE node IS NULL AND NOT is_start AND jobs.pinned > awaited.name ORDER BY jobs.pinned LIMIT 1)
            FROM awaited WHERE awaited.name IS NOT NULL),
        gone AS (
            SELECT name FROM awaited WHERE name IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM nodes WHERE nodes.name = awaited.name AND heartbeat_at > (SELECT store_now()) - @silence)),
        chosen AS MATERIALIZED (
            SELECT jobs.id FROM gone JOIN jobs ON jobs.pinned = gone.name WHERE jobs.node IS NULL AND NOT jobs.is_start
                AND NOT EXISTS (SELECT 1 FROM jobs older WHERE older.sandbox_id = jobs.sandbox_id AND older.id < jobs.id)
            ORDER BY jobs.id LIMIT @limit FOR UPDATE OF jobs SKIP LOCKED)
        UPDATE jobs SET attempt = attempt + 1, node = @claimant, claimable_at = store_now() + @lease_length
        FROM chosen WHERE jobs.id = chosen.id
        RETURNING jobs.id, version, job, attempt, pinned
        """;

    public static async Task<IReadOnlyList<StrandedJob>> RunAsync(
        NpgsqlConnection connection, string claimant, TimeSpan silence, TimeSpan lease, int limit, CancellationToken cancellationToken)
    {
        await Sql.ExecuteAsync(connection, Sql.Statement(JobClaims.Expire), cancellationToken);
        var taken = await Sql.RowsAsync(
            connection,
            Sql.Statement(Take).With("claimant", claimant).With("silence", silence).With("lease_length", lease).With("limit", limit),
            row => (Id: row.GetInt64(0), Version: row.GetInt64(1), Text: row.GetString(2), Attempt: row.GetInt32(3),
                Node: row.GetString(4)),
            cancellationToken);
        var stranded = new List<StrandedJob>();
        foreach (var (id, version, text, attempt, node) in taken.OrderBy(one => one.Id))
        {
            if (JobText.TryRead(text, version) is { } job)
            {
                stranded.Add(new StrandedJob(new ClaimedJob(id, job, attempt), node));
            }
            else
            {
                await Sql.ExecuteAsync(connection, DeadLetterRows.FromLocked(id, JobText.WithoutSecrets(text)), cancellationToken);
            }
        }

        return stranded;
    }
}
