using Npgsql;
using NpgsqlTypes;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Storage.Postgres;

/// <summary>Rows of deployments.</summary>
internal static class DeploymentRows
{
    /// <summary>Writes a deployment over the version before it; a new one has version 0.</summary>
    public static async Task<bool> TryWriteAsync(NpgsqlConnection connection, Deployment next, CancellationToken cancellationToken)
    {
        var statement = next.Version == 0
            ? Sql.Statement("""
                INSERT INTO rollout_deployments (id, version, started_at, started_by, state, is_active, is_whole, schedule, deployment)
                VALUES (@id, @version, @started_at, @started_by, @state, @is_active, @is_whole, @schedule, @deployment)
                ON CONFLICT DO NOTHING
                """)
                .With("started_at", (DateTimeOffset?)next.StartedAt).With("started_by", next.StartedBy).With("is_whole", next.IsWhole)
                .With("schedule", NpgsqlDbType.Uuid, next.Schedule)
            : Sql.Statement("""
                UPDATE rollout_deployments SET version = @version, state = @state, is_active = @is_active, deployment = @deployment
                WHERE id = @id AND version = @version - 1
                """);
        return await Sql.ExecuteAsync(
            connection,
            statement.With("id", NpgsqlDbType.Uuid, next.Id).With("version", next.Version).With("state", next.State.ToString())
                .With("is_active", next.IsActive).With("deployment", NpgsqlDbType.Json, RolloutJson.Write(next)),
            cancellationToken) == 1;
    }

    public static Deployment Read(NpgsqlDataReader row) => RolloutJson.ReadDeployment(row.GetString(0));
}
