using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Sqlite;

/// <summary>Claims of what waits for a node that is gone.</summary>
internal static class StrandedClaims
{
    private const string Oldest = """
        SELECT jobs.id, jobs.version, job, attempt, host_name FROM jobs JOIN sandboxes ON sandboxes.id = jobs.sandbox_id
        WHERE (node IS NULL OR claimable_at <= $now) AND host_name IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM jobs older WHERE older.sandbox_id = jobs.sandbox_id AND older.id < jobs.id)
            AND NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.name = host_name AND heartbeat_at > $heard_since)
        ORDER BY jobs.id LIMIT 5000
        """;

    public static IReadOnlyList<StrandedJob> Run(
        SqliteConnection connection, string claimant, TimeSpan silence, TimeSpan lease, int limit, DateTimeOffset now)
    {
        var stranded = Look(connection, silence, now).Take(limit).ToList();
        foreach (var one in stranded)
        {
            Sql.Execute(
                connection,
                "UPDATE jobs SET attempt = $attempt, node = $claimant, claimable_at = $lease_ends WHERE id = $id",
                ("$attempt", one.Claimed.Attempt),
                ("$claimant", claimant),
                ("$lease_ends", Sql.Moment(now + lease)),
                ("$id", one.Claimed.Id));
        }

        return stranded;
    }

    /// <summary>What cannot be read is dead-lettered by the next claim of any node.</summary>
    private static List<StrandedJob> Look(SqliteConnection connection, TimeSpan silence, DateTimeOffset now)
    {
        using var command = Sql.Command(connection, Oldest, ("$now", Sql.Moment(now)), ("$heard_since", Sql.Moment(now - silence)));
        using var row = command.ExecuteReader();
        var found = new List<StrandedJob>();
        while (row.Read())
        {
            if (JobText.TryRead(row.GetString(2), row.GetInt64(1)) is { Reach: JobReach.ItsNode } job)
            {
                found.Add(new StrandedJob(new ClaimedJob(row.GetInt64(0), job, row.GetInt32(3) + 1), row.GetString(4)));
            }
        }

        return found;
    }
}
