using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Webhooks;
using Sandbox.Storage.Encryption;

namespace Sandbox.Storage.Postgres;

/// <summary>Webhooks of a cluster and the messages to them.</summary>
internal sealed class PostgresWebhookStore(PostgresDatabase database, IChangeFeed feed, FieldCipher cipher) : IWebhookStore
{
    private static readonly ItemTable<WebhookDelivery> Messages = new ItemTable<WebhookDelivery>()
        .Words("id", message => message.Id)
        .Number("number", message => message.Number)
        .Moment("next_at", message => message.NextAt)
        .Json("delivery", RolloutJson.Write);

    private static readonly string AddMessages = $"""
        WITH {Messages.Text}
        INSERT INTO rollout_deliveries (id, webhook, number, attempts, next_at, delivery)
        SELECT id, @webhook, number, 0, next_at, delivery FROM item ON CONFLICT DO NOTHING
        """;

    public async Task<IReadOnlyList<Webhook>> WebhooksAsync(CancellationToken cancellationToken) => await RowsAsync(
        () => Sql.Statement("SELECT webhook FROM rollout_webhooks ORDER BY created_at, id"),
        row => RolloutJson.ReadWebhook(row.GetString(0)), cancellationToken);

    public Task AddAsync(Webhook webhook, string secret, AuditEvent what, CancellationToken cancellationToken)
    {
        var encrypted = cipher.Encrypt(WebhookSecrets.Purpose, Key(webhook.Id), secret);
        return LoggedAsync(
            async connection =>
            {
                await PostgresRolloutStore.LogAsync(connection, what, cancellationToken);
                return await Sql.ExecuteAsync(
                    connection,
                    Sql.Statement("""
                        INSERT INTO rollout_webhooks (id, created_at, told, secret, webhook)
                        VALUES (@id, @created_at, (SELECT max(number) FROM rollout_audit), @secret, @webhook)
                        """)
                        .With("id", NpgsqlDbType.Uuid, webhook.Id).With("created_at", (DateTimeOffset?)webhook.CreatedAt)
                        .With("secret", encrypted).With("webhook", NpgsqlDbType.Json, RolloutJson.Write(webhook)),
                    cancellationToken) == 1;
            },
            cancellationToken);
    }

    public Task<bool> TryRemoveAsync(Guid id, AuditEvent what, CancellationToken cancellationToken) => LoggedAsync(
        async connection =>
        {
            await Sql.ExecuteAsync(
                connection, WithId(Sql.Statement("DELETE FROM rollout_deliveries WHERE webhook = @id"), id), cancellationToken);
            return await Sql.ExecuteAsync(
                connection, WithId(Sql.Statement("DELETE FROM rollout_webhooks WHERE id = @id"), id), cancellationToken) == 1
                && await PostgresRolloutStore.LogAsync(connection, what, cancellationToken);
        },
        cancellationToken);

    public async Task<string?> SecretAsync(Guid id, CancellationToken cancellationToken) => (await RowsAsync(
        () => WithId(Sql.Statement("SELECT secret FROM rollout_webhooks WHERE id = @id"), id),
        row => row.GetString(0), cancellationToken)).SingleOrDefault() is { } encrypted
        ? cipher.TryDecrypt(WebhookSecrets.Purpose, Key(id), encrypted)
        : null;

    public async Task<int> QueueAsync(
        Webhook webhook, int limit, DateTimeOffset now, DateTimeOffset forget, CancellationToken cancellationToken)
    {
        // Mostly there is nothing new, and a look needs no lock.
        var behind = await RowsAsync(
            () => WithId(
                Sql.Statement("SELECT told FROM rollout_webhooks WHERE id = @id AND told < (SELECT max(number) FROM rollout_audit)"),
                webhook.Id),
            row => row.GetInt64(0), cancellationToken);
        return behind.Count == 0 ? 0 : await database.TransactAsync(
            connection => QueueAsync(connection, webhook, limit, now, forget, cancellationToken), cancellationToken);
    }

    public async Task<IReadOnlyList<WebhookDelivery>> ClaimAsync(
        DateTimeOffset now, DateTimeOffset until, int limit, CancellationToken cancellationToken) => await database.TransactAsync(
        async connection =>
        {
            // What another process takes at this moment is not ours.
            var due = await Sql.RowsAsync(
                connection,
                Sql.Statement("""
                    SELECT delivery FROM rollout_deliveries WHERE next_at <= @now ORDER BY next_at LIMIT @limit FOR UPDATE SKIP LOCKED
                    """).With("now", (DateTimeOffset?)now).With("limit", limit),
                Read, cancellationToken);
            var claimed = due.ConvertAll(delivery => delivery with { Attempts = delivery.Attempts + 1, NextAt = until });
            foreach (var delivery in claimed)
            {
                await UpdateAsync(connection, delivery, delivery.Attempts - 1, cancellationToken);
            }

            return claimed;
        },
        cancellationToken);

    public Task<bool> TryWriteAsync(WebhookDelivery tried, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => UpdateAsync(connection, tried, tried.Attempts, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(Guid webhook, int limit, CancellationToken cancellationToken) =>
        await RowsAsync(
            () => WithId(
                Sql.Statement("SELECT delivery FROM rollout_deliveries WHERE webhook = @id ORDER BY number DESC LIMIT @limit"), webhook)
                .With("limit", limit),
            Read, cancellationToken);

    private static async Task<int> QueueAsync(
        NpgsqlConnection connection, Webhook webhook, int limit, DateTimeOffset now, DateTimeOffset forget,
        CancellationToken cancellationToken)
    {
        await Sql.ExecuteAsync(
            connection,
            Sql.Statement("DELETE FROM rollout_deliveries WHERE ended_at < @forget").With("forget", (DateTimeOffset?)forget),
            cancellationToken);

        // Its lock keeps two processes from making the same messages.
        var told = await Sql.RowsAsync(
            connection, WithId(Sql.Statement("SELECT told FROM rollout_webhooks WHERE id = @id FOR UPDATE"), webhook.Id),
            row => row.GetInt64(0), cancellationToken);
        if (told.Count == 0)
        {
            return 0;
        }

        var entries = await Sql.RowsAsync(
            connection,
            Sql.Statement("SELECT * FROM rollout_audit WHERE number > @told ORDER BY number LIMIT @limit")
                .With("told", told[0]).With("limit", limit),
            PostgresRolloutStore.Entry, cancellationToken);
        if (entries.Count == 0)
        {
            return 0;
        }

        var messages = entries.Where(entry => webhook.Wants(entry.Action)).Select(entry => WebhookDelivery.Of(webhook, entry, now));
        await Sql.ExecuteAsync(
            connection, Messages.Bind(Sql.Statement(AddMessages).With("webhook", NpgsqlDbType.Uuid, webhook.Id), [.. messages]),
            cancellationToken);
        await Sql.ExecuteAsync(
            connection,
            WithId(Sql.Statement("UPDATE rollout_webhooks SET told = @told WHERE id = @id"), webhook.Id).With("told", entries[^1].Number),
            cancellationToken);
        return entries.Count;
    }

    private static async Task<bool> UpdateAsync(
        NpgsqlConnection connection, WebhookDelivery next, int attempts, CancellationToken cancellationToken) =>
        await Sql.ExecuteAsync(
            connection,
            Sql.Statement("""
                UPDATE rollout_deliveries SET attempts = @next_attempts, next_at = @next_at, ended_at = @ended_at, delivery = @delivery
                WHERE id = @id AND attempts = @attempts AND ended_at IS NULL
                """)
                .With("id", next.Id).With("attempts", attempts).With("next_attempts", next.Attempts).With("next_at", next.NextAt)
                .With("ended_at", next.EndedAt).With("delivery", NpgsqlDbType.Json, RolloutJson.Write(next)),
            cancellationToken) == 1;

    private static WebhookDelivery Read(NpgsqlDataReader row) => RolloutJson.ReadDelivery(row.GetString(0));

    private static NpgsqlBatchCommand WithId(NpgsqlBatchCommand statement, Guid id) => statement.With("id", NpgsqlDbType.Uuid, id);

    private static string Key(Guid id) => id.ToString("D");

    private Task<List<T>> RowsAsync<T>(
        Func<NpgsqlBatchCommand> statement, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => Sql.RowsAsync(connection, statement(), read, cancellationToken), cancellationToken);

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
