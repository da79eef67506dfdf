using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Schedules;

namespace Sandbox.Storage.Sqlite;

/// <summary>Schedules of one machine, in the file of its rollouts.</summary>
internal sealed class SqliteScheduleStore(SqliteDatabase database, IChangeFeed feed) : IScheduleStore
{
    public Task<IReadOnlyList<Schedule>> SchedulesAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Schedule>>(database.Read(connection => Sql.Rows(
            connection, "SELECT schedule FROM rollout_schedules ORDER BY name", Read)));

    public Task<IReadOnlyList<Schedule>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Schedule>>(database.Read(connection => Sql.Rows(
            connection, "SELECT schedule FROM rollout_schedules WHERE next_at <= $now ORDER BY next_at", Read, ("$now", Sql.Moment(now)))));

    public Task<bool> TryWriteAsync(Schedule next, AuditEvent what, CancellationToken cancellationToken) =>
        WriteAsync(connection => TryWrite(connection, next) && SqliteRolloutStore.Log(connection, what), cancellationToken);

    public Task<bool> TryRemoveAsync(Guid id, AuditEvent what, CancellationToken cancellationToken) => WriteAsync(
        connection => Sql.Execute(connection, "DELETE FROM rollout_schedules WHERE id = $id", ("$id", id.ToString("D"))) == 1
            && SqliteRolloutStore.Log(connection, what),
        cancellationToken);

    public Task<bool> TryClaimAsync(
        Schedule next, Deployment? begun, IReadOnlyList<AuditEvent> what, CancellationToken cancellationToken) => WriteAsync(
        connection =>
        {
            if (!TryWrite(connection, next))
            {
                return false;
            }

            if (begun is not null && !DeploymentRows.TryWrite(connection, begun))
            {
                throw new InvalidOperationException($"There is a deployment {begun.Id} already.");
            }

            return what.All(entry => SqliteRolloutStore.Log(connection, entry));
        },
        cancellationToken);

    private static bool TryWrite(SqliteConnection connection, Schedule next) =>
        Sql.Execute(
            connection,
            next.Version == 0
                ? """
                    INSERT OR IGNORE INTO rollout_schedules (id, version, name, next_at, schedule)
                    VALUES ($id, $version, $name, $next_at, $schedule)
                    """
                : """
                    UPDATE rollout_schedules SET version = $version, next_at = $next_at, schedule = $schedule
                    WHERE id = $id AND version = $version - 1
                    """,
            ("$id", next.Id.ToString("D")), ("$version", next.Version), ("$name", next.Name), ("$next_at", Sql.Moment(next.NextAt)),
            ("$schedule", RolloutJson.Write(next))) == 1;

    private static Schedule Read(SqliteDataReader row) => RolloutJson.ReadSchedule(row.GetString(0));

    private async Task<bool> WriteAsync(Func<SqliteConnection, bool> work, CancellationToken cancellationToken)
    {
        var isWritten = await database.WriteAsync(work, cancellationToken);
        feed.PublishRollouts();
        return isWritten;
    }
}
