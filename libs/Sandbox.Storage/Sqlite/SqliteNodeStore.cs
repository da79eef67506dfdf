using Microsoft.Data.Sqlite;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Nodes in the same file as the records. A node and the lease of its name are written together.</summary>
internal sealed class SqliteNodeStore(SqliteDatabase database, TimeProvider time) : INodeStore
{
    private const string Columns = "facts, load, epoch, heartbeat_at, draining, has_left";

    public Task<Result<Lease>> TryRegisterAsync(NodeFacts facts, string holder, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteAsync<Result<Lease>>(
            connection =>
            {
                var (name, now) = (Lease.OfNode(facts.Name), time.GetUtcNow());
                if (LeaseRows.Acquire(connection, name, holder, lease, now) is not { } taken)
                {
                    return new SandboxError.NodeNameTaken(facts.Name);
                }

                Sql.Execute(
                    connection,
                    """
                    INSERT INTO nodes (name, epoch, facts, load, heartbeat_at) VALUES ($node, $epoch, $facts, $load, $now)
                    ON CONFLICT (name) DO UPDATE SET epoch = $epoch, facts = $facts, load = $load, heartbeat_at = $now, has_left = 0
                    """,
                    ("$node", facts.Name),
                    ("$epoch", taken.Epoch),
                    ("$facts", NodeJson.Write(facts)),
                    ("$load", NodeJson.FirstLoadOf(facts)),
                    ("$now", Sql.Moment(now)));
                return taken;
            },
            cancellationToken);

    public Task<bool> TryHeartbeatAsync(Lease node, NodeLoad load, TimeSpan lease, CancellationToken cancellationToken) =>
        database.WriteAsync(
        connection =>
        {
            var now = time.GetUtcNow();
            return LeaseRows.Renew(connection, node, now + lease) && Sql.Execute(
                connection,
                "UPDATE nodes SET load = $load, heartbeat_at = $now WHERE name = $node AND epoch = $epoch",
                ("$load", NodeJson.Write(load)),
                ("$now", Sql.Moment(now)),
                ("$node", NameOf(node)),
                ("$epoch", node.Epoch)) == 1;
        },
        cancellationToken);

    public Task LeaveAsync(Lease node, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            LeaseRows.Release(connection, node, time.GetUtcNow());
            return Sql.Execute(
                connection,
                "UPDATE nodes SET has_left = 1 WHERE name = $node AND epoch = $epoch",
                ("$node", NameOf(node)),
                ("$epoch", node.Epoch));
        },
        cancellationToken);

    public Task<bool> SetDrainingAsync(string node, bool draining, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection, "UPDATE nodes SET draining = $draining WHERE name = $node", ("$draining", draining ? 1 : 0), ("$node", node)) == 1,
        cancellationToken);

    public Task<bool> TryForgetAsync(string node, CancellationToken cancellationToken) => database.WriteAsync(
        // The lease stays: its epoch never goes back.
        connection => Sql.Execute(
            connection,
            """
            DELETE FROM nodes WHERE name = $node
                AND NOT EXISTS (SELECT 1 FROM leases WHERE name = $name AND released = 0 AND expires_at > $now)
                AND NOT EXISTS (SELECT 1 FROM sandboxes WHERE host_name = $node AND state = 'running')
            """,
            ("$node", node),
            ("$name", Lease.OfNode(node)),
            ("$now", Sql.Moment(time.GetUtcNow()))) == 1,
        cancellationToken);

    public Task<NodeView?> FindAsync(string node, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Rows(connection, "WHERE name = $node", ("$node", node)).SingleOrDefault()));

    public Task<IReadOnlyList<NodeView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeView>>(database.Read(connection => Rows(connection, "ORDER BY name")));

    private static string NameOf(Lease node) => node.Name[Lease.OfNode("").Length..];

    private List<NodeView> Rows(SqliteConnection connection, string rest, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Sql.Rows(
            connection,
            $"SELECT {Columns} FROM nodes {rest}",
            row => NodeJson.Read(
                row.GetString(0), row.GetString(1), row.GetInt64(2), time.GetUtcNow() - Sql.Moment(row.GetInt64(3)),
                row.GetInt64(4) != 0, row.GetInt64(5) != 0),
            parameters);
}
