using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Nodes in Postgres, by its clock. A node and the lease of its name are written together.</summary>
internal sealed class PostgresNodeStore(PostgresDatabase database) : INodeStore
{
    private const string Columns = "facts, load, epoch, store_now() - heartbeat_at, draining, has_left";

    public async Task<Result<Lease>> TryRegisterAsync(NodeFacts facts, string holder, TimeSpan lease, CancellationToken cancellationToken)
    {
        var name = Lease.OfNode(facts.Name);
        var epoch = await database.TransactAsync(
            async connection =>
            {
                var taken = await Sql.ScalarAsync<long?>(connection, PostgresLeaseStore.Acquire(name, holder, lease), cancellationToken);
                if (taken is { } epoch)
                {
                    await Sql.ExecuteAsync(connection, Put(facts, epoch), cancellationToken);
                }

                return taken;
            },
            cancellationToken);
        return epoch is { } held ? new Lease(name, holder, held) : new SandboxError.NodeNameTaken(facts.Name);
    }

    public Task<bool> TryHeartbeatAsync(Lease node, NodeLoad load, TimeSpan lease, CancellationToken cancellationToken) =>
        database.UrgentAsync(
            async connection =>
            {
                var beat = Sql.Statement(
                    """
                    UPDATE nodes SET load = @load, heartbeat_at = store_now() WHERE name = @node AND epoch = @epoch AND EXISTS (
                        SELECT 1 FROM leases WHERE name = @name AND epoch = @epoch AND holder = @holder AND NOT released)
                    """).With("load", NpgsqlDbType.Json, NodeJson.Write(load)).With("node", NameOf(node)).With("name", node.Name)
                    .With("epoch", node.Epoch).With("holder", node.Holder);
                await using var batch = Sql.Batch(connection, PostgresLeaseStore.Renew(node, lease), beat);
                await batch.ExecuteNonQueryAsync(cancellationToken);
                return batch.BatchCommands[1].RecordsAffected == 1;
            },
            cancellationToken);

    public Task LeaveAsync(Lease node, CancellationToken cancellationToken) => database.RepeatableAsync(
        async connection =>
        {
            var leave = Sql.Statement("UPDATE nodes SET has_left = true WHERE name = @node AND epoch = @epoch")
                .With("node", NameOf(node)).With("epoch", node.Epoch);
            await using var batch = Sql.Batch(connection, PostgresLeaseStore.Release(node), leave);
            return await batch.ExecuteNonQueryAsync(cancellationToken);
        },
        cancellationToken);

    public async Task<bool> SetDrainingAsync(string node, bool draining, CancellationToken cancellationToken) =>
        await ExecuteAsync(
            Sql.Statement("UPDATE nodes SET draining = @draining WHERE name = @node").With("draining", draining).With("node", node),
            cancellationToken) == 1;

    public async Task<bool> TryForgetAsync(string node, CancellationToken cancellationToken) =>
        // The lease stays: its epoch never goes back.
        await ExecuteAsync(
            Sql.Statement(
                """
                DELETE FROM nodes WHERE name = @node
                    AND NOT EXISTS (SELECT 1 FROM leases WHERE name = @name AND NOT released AND expires_at > store_now())
                    AND NOT EXISTS (SELECT 1 FROM sandboxes WHERE host_name = @node AND state = 'running')
                """).With("node", node).With("name", Lease.OfNode(node)),
            cancellationToken) == 1;

    public async Task<NodeView?> FindAsync(string node, CancellationToken cancellationToken) =>
        (await RowsAsync(Sql.Statement($"SELECT {Columns} FROM nodes WHERE name = @node").With("node", node), cancellationToken))
            .SingleOrDefault();

    public async Task<IReadOnlyList<NodeView>> ListAsync(CancellationToken cancellationToken) =>
        await RowsAsync(Sql.Statement($"SELECT {Columns} FROM nodes ORDER BY name"), cancellationToken);

    private static string NameOf(Lease node) => node.Name[Lease.OfNode("").Length..];

    private static NpgsqlBatchCommand Put(NodeFacts facts, long epoch) => Sql.Statement(
        """
        INSERT INTO nodes (name, epoch, facts, load, heartbeat_at) VALUES (@node, @epoch, @facts, @load, store_now())
        ON CONFLICT (name) DO UPDATE SET epoch = @epoch, facts = @facts, load = @load, heartbeat_at = store_now(), has_left = false
        """).With("node", facts.Name).With("epoch", epoch)
        .With("facts", NpgsqlDbType.Json, NodeJson.Write(facts)).With("load", NpgsqlDbType.Json, NodeJson.FirstLoadOf(facts));

    private Task<int> ExecuteAsync(NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => Sql.ExecuteAsync(connection, statement, cancellationToken), cancellationToken);

    private Task<List<NodeView>> RowsAsync(NpgsqlBatchCommand statement, CancellationToken cancellationToken) => database.UrgentAsync(
        connection => Sql.RowsAsync(
            connection,
            statement,
            row => NodeJson.Read(
                row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetFieldValue<TimeSpan>(3), row.GetBoolean(4), row.GetBoolean(5)),
            cancellationToken),
        cancellationToken);
}
