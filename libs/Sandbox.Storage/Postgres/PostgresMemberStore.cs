using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Members and join tokens in Postgres, by its clock.</summary>
internal sealed class PostgresMemberStore(PostgresDatabase database) : IMemberStore
{
    public Task PutAsync(Member member, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => Sql.ExecuteAsync(connection, Put(member), cancellationToken), cancellationToken);

    public async Task<byte[]?> TryJoinAsync(Member member, byte[] tokenHash, CancellationToken cancellationToken) =>
        await database.TransactAsync(
            async connection =>
            {
                var sealKey = await Sql.ScalarAsync<byte[]?>(connection, Use(tokenHash, member.Node), cancellationToken);
                if (sealKey is not null)
                {
                    await Sql.ExecuteAsync(connection, Put(member), cancellationToken);
                }

                return sealKey;
            },
            cancellationToken);

    public async Task<Sighting> SeeAsync(string node, string instance, CancellationToken cancellationToken)
    {
        var known = await database.RepeatableAsync(
            connection => Sql.ScalarAsync<bool?>(connection, See(node, instance), cancellationToken), cancellationToken);
        return known switch
        {
            true => Sighting.Known,
            false => Sighting.Replaced,
            null => Sighting.Unknown,
        };
    }

    public Task ForgetAsync(string node, string instance, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ExecuteAsync(
            connection,
            Sql.Statement("DELETE FROM members WHERE node = @node AND instance = @instance").With("node", node).With("instance", instance),
            cancellationToken),
        cancellationToken);

    public async Task<IReadOnlyList<MemberView>> ListAsync(CancellationToken cancellationToken) => await database.RepeatableAsync(
        connection => Sql.RowsAsync(
            connection,
            Sql.Statement(
                """
                SELECT node, instance, host, head_port, client_port, dashboard_port, version, key_sha256, store_now() - seen_at
                FROM members ORDER BY node
                """),
            row => new MemberView(
                new Member(
                    row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetInt32(4), row.GetInt32(5),
                    row.GetString(6),
                    row.IsDBNull(7) ? null : row.GetFieldValue<byte[]>(7)),
                row.GetFieldValue<TimeSpan>(8)),
            cancellationToken),
        cancellationToken);

    public Task AddTokenAsync(JoinToken token, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.ExecuteAsync(
            connection,
            Sql.Statement(
                """
                WITH old AS (DELETE FROM join_tokens WHERE expires_at < store_now() - interval '7 days')
                INSERT INTO join_tokens (sha256, seal_key, node, expires_at) VALUES (@sha256, @seal_key, @node, @expires_at)
                """).With("sha256", NpgsqlDbType.Bytea, token.Hash).With("seal_key", NpgsqlDbType.Bytea, token.SealKey)
                .With("node", token.Node).With("expires_at", token.ExpiresAt),
            cancellationToken),
        cancellationToken);

    public Task<byte[]?> TryUseTokenAsync(string node, byte[] tokenHash, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.ScalarAsync<byte[]?>(connection, Use(tokenHash, node), cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<JoinTokenView>> ListTokensAsync(CancellationToken cancellationToken) => await database.RepeatableAsync(
        connection => Sql.RowsAsync(
            connection,
            Sql.Statement(
                "SELECT sha256, seal_key, node, expires_at, used_by, expires_at <= store_now() FROM join_tokens WHERE seal_key IS NOT "
                    + "NULL ORDER BY expires_at, sha256"),
            row => new JoinTokenView(
                new JoinToken(
                    row.GetFieldValue<byte[]>(0), row.GetFieldValue<byte[]>(1), row.IsDBNull(2) ? null : row.GetString(2),
                    row.GetFieldValue<DateTimeOffset>(3)),
                row.GetBoolean(5), row.IsDBNull(4) ? null : row.GetString(4)),
            cancellationToken),
        cancellationToken);

    public async Task<bool> TryRevokeTokenAsync(string id, CancellationToken cancellationToken) => await database.WriteAsync(
        connection => Sql.ExecuteAsync(
            connection, Sql.Statement("DELETE FROM join_tokens WHERE encode(substr(sha256, 1, 8), 'hex') = @id").With("id", id),
            cancellationToken),
        cancellationToken) > 0;

    /// <summary>The key stays with the life that joined with it.</summary>
    private static NpgsqlBatchCommand Put(Member member) => Sql.Statement(
        """
        INSERT INTO members AS known VALUES (@node, @instance, @host, @head_port, @client_port, @dashboard_port, @version, @key, store_now())
        ON CONFLICT (node) DO UPDATE SET
            instance = excluded.instance, host = excluded.host, head_port = excluded.head_port, client_port = excluded.client_port,
            dashboard_port = excluded.dashboard_port, version = excluded.version, seen_at = excluded.seen_at,
            key_sha256 = CASE WHEN known.instance = excluded.instance THEN coalesce(excluded.key_sha256, known.key_sha256) ELSE excluded.key_sha256 END
        """).With("node", member.Node).With("instance", member.Instance).With("host", member.Host).With("head_port", member.HeadPort)
        .With("client_port", member.HeadClientPort).With("dashboard_port", member.DashboardPort).With("version", member.Version)
        .With("key", NpgsqlDbType.Bytea, member.KeyHash);

    private static NpgsqlBatchCommand Use(byte[] tokenHash, string node) => Sql.Statement(
        """
        UPDATE join_tokens SET used_by = @node
        WHERE sha256 = @sha256 AND used_by IS NULL AND expires_at > store_now() AND (node IS NULL OR node = @node) AND seal_key IS NOT NULL
        RETURNING seal_key
        """).With("node", node).With("sha256", NpgsqlDbType.Bytea, tokenHash);

    private static NpgsqlBatchCommand See(string node, string instance) => Sql.Statement(
        """
        UPDATE members SET seen_at = CASE WHEN instance = @instance THEN store_now() ELSE seen_at END
        WHERE node = @node RETURNING instance = @instance
        """).With("node", node).With("instance", instance);
}
