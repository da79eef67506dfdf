using Microsoft.Data.Sqlite;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Storage.Sqlite;

/// <summary>Rows of deployments.</summary>
internal static class DeploymentRows
{
    /// <summary>Writes a deployment over the version before it; a new one has version 0.</summary>
    public static bool TryWrite(SqliteConnection connection, Deployment next) =>
        Sql.Execute(
            connection,
            next.Version == 0
                ? """
                    INSERT OR IGNORE INTO rollout_deployments
                        (id, version, started_at, started_by, state, is_active, is_whole, schedule, deployment)
                    VALUES ($id, $version, $started_at, $started_by, $state, $is_active, $is_whole, $schedule, $deployment)
                    """
                : """
                    UPDATE rollout_deployments SET version = $version, state = $state, is_active = $is_active, deployment = $deployment
                    WHERE id = $id AND version = $version - 1
                    """,
            ("$id", next.Id.ToString("D")), ("$version", next.Version), ("$started_at", Sql.Moment(next.StartedAt)),
            ("$started_by", next.StartedBy), ("$state", next.State.ToString()), ("$is_active", next.IsActive ? 1 : 0),
            ("$is_whole", next.IsWhole ? 1 : 0), ("$schedule", next.Schedule?.ToString("D")),
            ("$deployment", RolloutJson.Write(next))) == 1;

    public static Deployment Read(SqliteDataReader row) => RolloutJson.ReadDeployment(row.GetString(0));
}
