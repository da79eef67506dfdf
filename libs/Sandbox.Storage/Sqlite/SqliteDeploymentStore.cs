using Sandbox.Domain.Stores;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Storage.Sqlite;

/// <summary>Deployments of one machine, in the file of its rollouts.</summary>
internal sealed class SqliteDeploymentStore(SqliteDatabase database, IChangeFeed feed) : IDeploymentStore
{
    public async Task<bool> TryWriteAsync(Deployment next, AuditEvent? what, CancellationToken cancellationToken)
    {
        var isWritten = await database.WriteAsync(
            connection => DeploymentRows.TryWrite(connection, next) && (what is null || SqliteRolloutStore.Log(connection, what)),
            cancellationToken);
        feed.PublishRollouts();
        return isWritten;
    }

    public Task<Deployment?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Sql.Rows(
            connection, "SELECT deployment FROM rollout_deployments WHERE id = $id", DeploymentRows.Read, ("$id", id.ToString("D")))
            .SingleOrDefault()));

    public Task<IReadOnlyList<Deployment>> ActiveAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Deployment>>(database.Read(connection => Sql.Rows(
            connection, "SELECT deployment FROM rollout_deployments WHERE is_active = 1 ORDER BY started_at", DeploymentRows.Read)));

    public Task<DeploymentPage> PageAsync(DeploymentFilter filter, CancellationToken cancellationToken) =>
        Task.FromResult(DeploymentPage.Of(
            database.Read(connection => Sql.Rows(
                connection,
                """
                SELECT deployment FROM rollout_deployments
                WHERE ($state IS NULL OR state = $state) AND ($started_by IS NULL OR started_by = $started_by)
                    AND ($schedule IS NULL OR schedule = $schedule) AND ($is_whole IS NULL OR is_whole = $is_whole)
                    AND ($since IS NULL OR started_at >= $since) AND ($until IS NULL OR started_at < $until)
                    AND ($after_at IS NULL OR started_at < $after_at OR (started_at = $after_at AND id > $after_id))
                ORDER BY started_at DESC, id LIMIT $limit
                """,
                DeploymentRows.Read,
                ("$state", filter.State?.ToString()), ("$started_by", filter.StartedBy), ("$schedule", filter.Schedule?.ToString("D")),
                ("$is_whole", filter.IsWhole is { } whole ? whole ? 1 : 0 : null), ("$since", Sql.Moment(filter.Since)),
                ("$until", Sql.Moment(filter.Until)), ("$after_at", Sql.Moment(filter.After?.StartedAt)),
                ("$after_id", filter.After?.Id.ToString("D")), ("$limit", filter.Limit + 1))),
            filter.Limit));
}
