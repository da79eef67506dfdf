using NpgsqlTypes;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Storage.Postgres;

/// <summary>Deployments of a cluster.</summary>
internal sealed class PostgresDeploymentStore(PostgresDatabase database, IChangeFeed feed) : IDeploymentStore
{
    public async Task<bool> TryWriteAsync(Deployment next, AuditEvent? what, CancellationToken cancellationToken)
    {
        var isWritten = await database.TransactAsync(
            async connection =>
            {
                if (what is not null)
                {
                    await PostgresRolloutStore.LockChainAsync(connection, cancellationToken);
                }

                return await DeploymentRows.TryWriteAsync(connection, next, cancellationToken)
                    && (what is null || await PostgresRolloutStore.LogAsync(connection, what, cancellationToken));
            },
            cancellationToken);
        feed.PublishRollouts();
        return isWritten;
    }

    public async Task<Deployment?> FindAsync(Guid id, CancellationToken cancellationToken) => (await database.RepeatableAsync(
        connection => Sql.RowsAsync(
            connection, Sql.Statement("SELECT deployment FROM rollout_deployments WHERE id = @id").With("id", NpgsqlDbType.Uuid, id),
            DeploymentRows.Read, cancellationToken),
        cancellationToken)).SingleOrDefault();

    public async Task<IReadOnlyList<Deployment>> ActiveAsync(CancellationToken cancellationToken) => await database.RepeatableAsync(
        connection => Sql.RowsAsync(
            connection, Sql.Statement("SELECT deployment FROM rollout_deployments WHERE is_active ORDER BY started_at"),
            DeploymentRows.Read, cancellationToken),
        cancellationToken);

    public async Task<DeploymentPage> PageAsync(DeploymentFilter filter, CancellationToken cancellationToken) => DeploymentPage.Of(
        await database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection,
                Sql.Statement("""
                    SELECT deployment FROM rollout_deployments
                    WHERE (@state IS NULL OR state = @state) AND (@started_by IS NULL OR started_by = @started_by)
                        AND (@schedule IS NULL OR schedule = @schedule) AND (@is_whole IS NULL OR is_whole = @is_whole)
                        AND (@since IS NULL OR started_at >= @since) AND (@until IS NULL OR started_at < @until)
                        AND (@after_at IS NULL OR started_at < @after_at OR (started_at = @after_at AND id > @after_id))
                    ORDER BY started_at DESC, id LIMIT @limit
                    """)
                    .With("state", filter.State?.ToString()).With("started_by", filter.StartedBy)
                    .With("schedule", NpgsqlDbType.Uuid, filter.Schedule).With("is_whole", NpgsqlDbType.Boolean, filter.IsWhole)
                    .With("since", filter.Since).With("until", filter.Until).With("after_at", filter.After?.StartedAt)
                    .With("after_id", NpgsqlDbType.Uuid, filter.After?.Id).With("limit", filter.Limit + 1),
                DeploymentRows.Read,
                cancellationToken),
            cancellationToken),
        filter.Limit);
}
