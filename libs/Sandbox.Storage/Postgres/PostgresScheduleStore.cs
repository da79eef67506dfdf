using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Schedules;

namespace Sandbox.Storage.Postgres;

/// <summary>Schedules of a cluster; of all processes that see a due time, one takes it.</summary>
internal sealed class PostgresScheduleStore(PostgresDatabase database, IChangeFeed feed) : IScheduleStore
{
    public Task<IReadOnlyList<Schedule>> SchedulesAsync(CancellationToken cancellationToken) =>
        RowsAsync(() => Sql.Statement("SELECT schedule FROM rollout_schedules ORDER BY name"), cancellationToken);

    public Task<IReadOnlyList<Schedule>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) => RowsAsync(
        () => Sql.Statement("SELECT schedule FROM rollout_schedules WHERE next_at <= @now ORDER BY next_at")
            .With("now", (DateTimeOffset?)now),
        cancellationToken);

    public Task<bool> TryWriteAsync(Schedule next, AuditEvent what, CancellationToken cancellationToken) => LoggedAsync(
        async connection => await TryWriteAsync(connection, next, cancellationToken)
            && await PostgresRolloutStore.LogAsync(connection, what, cancellationToken),
        cancellationToken);

    public Task<bool> TryRemoveAsync(Guid id, AuditEvent what, CancellationToken cancellationToken) => LoggedAsync(
        async connection => await Sql.ExecuteAsync(
            connection, Sql.Statement("DELETE FROM rollout_schedules WHERE id = @id").With("id", NpgsqlDbType.Uuid, id),
            cancellationToken) == 1
            && await PostgresRolloutStore.LogAsync(connection, what, cancellationToken),
        cancellationToken);

    public Task<bool> TryClaimAsync(
        Schedule next, Deployment? begun, IReadOnlyList<AuditEvent> what, CancellationToken cancellationToken) => LoggedAsync(
        async connection =>
        {
            if (!await TryWriteAsync(connection, next, cancellationToken))
            {
                return false;
            }

            if (begun is not null && !await DeploymentRows.TryWriteAsync(connection, begun, cancellationToken))
            {
                throw new InvalidOperationException($"There is a deployment {begun.Id} already.");
            }

            foreach (var entry in what)
            {
                await PostgresRolloutStore.LogAsync(connection, entry, cancellationToken);
            }

            return true;
        },
        cancellationToken);

    private static async Task<bool> TryWriteAsync(NpgsqlConnection connection, Schedule next, CancellationToken cancellationToken)
    {
        var statement = next.Version == 0
            ? Sql.Statement("""
                INSERT INTO rollout_schedules (id, version, name, next_at, schedule)
                VALUES (@id, @version, @name, @next_at, @schedule) ON CONFLICT DO NOTHING
                """).With("name", next.Name)
            : Sql.Statement("""
                UPDATE rollout_schedules SET version = @version, next_at = @next_at, schedule = @schedule
                WHERE id = @id AND version = @version - 1
                """);
        return await Sql.ExecuteAsync(
            connection,
            statement.With("id", NpgsqlDbType.Uuid, next.Id).With("version", next.Version).With("next_at", next.NextAt)
                .With("schedule", NpgsqlDbType.Json, RolloutJson.Write(next)),
            cancellationToken) == 1;
    }

    private async Task<IReadOnlyList<Schedule>> RowsAsync(Func<NpgsqlBatchCommand> statement, CancellationToken cancellationToken) =>
        await database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection, statement(), row => RolloutJson.ReadSchedule(row.GetString(0)), cancellationToken),
            cancellationToken);

    private async Task<bool> LoggedAsync(Func<NpgsqlConnection, Task<bool>> work, CancellationToken cancellationToken)
    {
        var isWritten = await database.TransactAsync(
            async connection =>
            {
                await PostgresRolloutStore.LockChainAsync(connection, cancellationToken);
                return await work(connection);
            },
            cancellationToken);
        feed.PublishRollouts();
        return isWritten;
    }
}
