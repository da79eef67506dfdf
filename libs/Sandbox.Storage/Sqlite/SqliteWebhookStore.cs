using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Webhooks;
using Sandbox.Storage.Encryption;

namespace Sandbox.Storage.Sqlite;

/// <summary>Webhooks of one machine and the messages to them, in the file of its rollouts.</summary>
internal sealed class SqliteWebhookStore(SqliteDatabase database, IChangeFeed feed, FieldCipher cipher) : IWebhookStore
{
    public Task<IReadOnlyList<Webhook>> WebhooksAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Webhook>>(database.Read(connection => Sql.Rows(
            connection, "SELECT webhook FROM rollout_webhooks ORDER BY created_at, id", row => RolloutJson.ReadWebhook(row.GetString(0)))));

    public async Task AddAsync(Webhook webhook, string secret, AuditEvent what, CancellationToken cancellationToken)
    {
        var encrypted = cipher.Encrypt(WebhookSecrets.Purpose, Key(webhook.Id), secret);
        await database.WriteAsync(
            connection =>
            {
                SqliteRolloutStore.Log(connection, what);
                return Sql.Execute(
                    connection,
                    """
                    INSERT INTO rollout_webhooks (id, created_at, told, secret, webhook)
                    VALUES ($id, $created_at, (SELECT max(number) FROM rollout_audit), $secret, $webhook)
                    """,
                    ("$id", Key(webhook.Id)), ("$created_at", Sql.Moment(webhook.CreatedAt)), ("$secret", encrypted),
                    ("$webhook", RolloutJson.Write(webhook)));
            },
            cancellationToken);
        feed.PublishRollouts();
    }

    public async Task<bool> TryRemoveAsync(Guid id, AuditEvent what, CancellationToken cancellationToken)
    {
        var isRemoved = await database.WriteAsync(
            connection =>
            {
                Sql.Execute(connection, "DELETE FROM rollout_deliveries WHERE webhook = $id", ("$id", Key(id)));
                return Sql.Execute(connection, "DELETE FROM rollout_webhooks WHERE id = $id", ("$id", Key(id))) == 1
                    && SqliteRolloutStore.Log(connection, what);
            },
            cancellationToken);
        feed.PublishRollouts();
        return isRemoved;
    }

    public Task<string?> SecretAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Sql.Rows(
            connection, "SELECT secret FROM rollout_webhooks WHERE id = $id", row => row.GetString(0), ("$id", Key(id)))
            .SingleOrDefault()) is { } encrypted
            ? cipher.TryDecrypt(WebhookSecrets.Purpose, Key(id), encrypted)
            : null);

    public Task<int> QueueAsync(Webhook webhook, int limit, DateTimeOffset now, DateTimeOffset forget, CancellationToken cancellationToken)
    {
        // Mostly there is nothing new, and a look needs no turn among the writers.
        var isBehind = database.Read(connection => Sql.Rows(
            connection,
            "SELECT 1 FROM rollout_webhooks WHERE id = $id AND told < (SELECT max(number) FROM rollout_audit)",
            row => row.GetInt64(0), ("$id", Key(webhook.Id))).Count == 1);
        return isBehind
            ? database.WriteAsync(connection => Queue(connection, webhook, limit, now, forget), cancellationToken)
            : Task.FromResult(0);
    }

    public Task<IReadOnlyList<WebhookDelivery>> ClaimAsync(
        DateTimeOffset now, DateTimeOffset until, int limit, CancellationToken cancellationToken) =>
        database.Read(connection => Due(connection, now, limit: 1)).Count == 0
            ? Task.FromResult<IReadOnlyList<WebhookDelivery>>([])
            : database.WriteAsync<IReadOnlyList<WebhookDelivery>>(
                connection =>
                {
                    var claimed = Due(connection, now, limit)
                        .ConvertAll(due => due with { Attempts = due.Attempts + 1, NextAt = until });
                    foreach (var delivery in claimed)
                    {
                        Update(connection, delivery, delivery.Attempts - 1);
                    }

                    return claimed;
                },
                cancellationToken);

    public Task<bool> TryWriteAsync(WebhookDelivery tried, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => Update(connection, tried, tried.Attempts), cancellationToken);

    public Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(Guid webhook, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<WebhookDelivery>>(database.Read(connection => Sql.Rows(
            connection, "SELECT delivery FROM rollout_deliveries WHERE webhook = $id ORDER BY number DESC LIMIT $limit", Read,
            ("$id", Key(webhook)), ("$limit", limit))));

    private static List<WebhookDelivery> Due(SqliteConnection connection, DateTimeOffset now, int limit) => Sql.Rows(
        connection, "SELECT delivery FROM rollout_deliveries WHERE next_at <= $now ORDER BY next_at LIMIT $limit", Read,
        ("$now", Sql.Moment(now)), ("$limit", limit));

    private static int Queue(SqliteConnection connection, Webhook webhook, int limit, DateTimeOffset now, DateTimeOffset forget)
    {
        Sql.Execute(connection, "DELETE FROM rollout_deliveries WHERE ended_at < $forget", ("$forget", Sql.Moment(forget)));
        var entries = Sql.Rows(
            connection,
            """
            SELECT * FROM rollout_audit WHERE number > (SELECT told FROM rollout_webhooks WHERE id = $id) ORDER BY number LIMIT $limit
            """,
            SqliteRolloutStore.Entry, ("$id", Key(webhook.Id)), ("$limit", limit));
        foreach (var entry in entries.Where(entry => webhook.Wants(entry.Action)))
        {
            var delivery = WebhookDelivery.Of(webhook, entry, now);
            Sql.Execute(
                connection,
                """
                INSERT OR IGNORE INTO rollout_deliveries (id, webhook, number, attempts, next_at, ended_at, delivery)
                VALUES ($id, $webhook, $number, 0, $next_at, NULL, $delivery)
                """,
                ("$id", delivery.Id), ("$webhook", Key(webhook.Id)), ("$number", delivery.Number),
                ("$next_at", Sql.Moment(delivery.NextAt)), ("$delivery", RolloutJson.Write(delivery)));
        }

        if (entries.Count > 0)
        {
            Sql.Execute(
                connection, "UPDATE rollout_webhooks SET told = $told WHERE id = $id", ("$told", entries[^1].Number),
                ("$id", Key(webhook.Id)));
        }

        return entries.Count;
    }

    private static bool Update(SqliteConnection connection, WebhookDelivery next, int attempts) =>
        Sql.Execute(
            connection,
            """
            UPDATE rollout_deliveries SET attempts = $next_attempts, next_at = $next_at, ended_at = $ended_at, delivery = $delivery
            WHERE id = $id AND attempts = $attempts AND ended_at IS NULL
            """,
            ("$id", next.Id), ("$attempts", attempts), ("$next_attempts", next.Attempts), ("$next_at", Sql.Moment(next.NextAt)),
            ("$ended_at", Sql.Moment(next.EndedAt)), ("$delivery", RolloutJson.Write(next))) == 1;

    private static WebhookDelivery Read(SqliteDataReader row) => RolloutJson.ReadDelivery(row.GetString(0));

    private static string Key(Guid id) => id.ToString("D");
}
