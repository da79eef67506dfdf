using Npgsql;

namespace Sandbox.Chaos.Faults;

/// <summary>Jobs that are delivered once more while a node works on them, or long after they were done. Done to the queue's own
/// rows: a claim is voided, and a job that is done comes back.</summary>
public sealed class DoubledDelivery(string connectionString, bool late, Action<string> complain, TimeProvider time) : IFault
{
    private const int Times = 5;

    private static readonly TimeSpan DeliversWithin = TimeSpan.FromSeconds(60);

    // A worker that is paused in the middle of a write keeps its locks until it wakes: longer than a statement may usually take.
    private const int LongestPause = 120;

    // Keeps what leaves the queue, so that it can come back. Once: it locks the queue against all writers.
    private const string Remember = """
        DO $do$
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'chaos_keep') THEN
                CREATE TABLE chaos_done AS SELECT * FROM jobs WITH NO DATA;
                CREATE FUNCTION chaos_keep() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO chaos_done SELECT OLD.*;
                    RETURN NULL;
                END $$;
                CREATE TRIGGER chaos_keep AFTER DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION chaos_keep();
            END IF;
        END $do$
        """;

    // A row that another transaction is writing now is left to it.
    private const string Again = """
        UPDATE jobs SET node = NULL, claimable_at = store_now()
            WHERE id IN (SELECT id FROM jobs WHERE node IS NOT NULL FOR UPDATE SKIP LOCKED)
        """;

    private const string Late = """
        WITH again AS (
            DELETE FROM chaos_done WHERE id IN (SELECT id FROM chaos_done ORDER BY random() LIMIT 5)
            RETURNING *)
        INSERT INTO jobs (sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, claimable_at, created_at)
            SELECT sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, store_now(), store_now()
            FROM again
        """;

    public string Kind => late ? "late job delivery" : "doubled job delivery";

    public string Target => "postgres";

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        await ExecuteAsync(Remember);
        var (delivered, began) = (0, time.GetTimestamp());
        for (var times = 0; times < Times || delivered == 0; times++)
        {
            delivered += await ExecuteAsync(late ? Late : Again);
            if (delivered == 0 && time.GetElapsedTime(began) > DeliversWithin)
            {
                complain($"a {Kind} was to be made, and for {DeliversWithin} no node {(late ? "ended" : "had")} a job");
                break;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 300)), time);
        }

        return () => Task.CompletedTask;
    }

    /// <summary>How many jobs it delivered.</summary>
    private async Task<int> ExecuteAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
#pragma warning disable CA2100 // Constants of this file.
        await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = LongestPause };
#pragma warning restore CA2100
        return await command.ExecuteNonQueryAsync();
    }
}
