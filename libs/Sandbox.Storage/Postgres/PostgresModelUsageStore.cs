using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Sums of what models were used for. One statement adds a batch, so that it can be repeated; writers that end are forgotten after
/// a month.</summary>
internal sealed class PostgresModelUsageStore(PostgresDatabase database) : IModelUsageStore
{
    // Rows are taken in their order, so that two processes that add to the same ones wait for each other in one direction only.
    private const string Add =
        """
        WITH ended AS (
            DELETE FROM model_usage_writers WHERE written_at < store_now() - interval '30 days' AND writer <> @writer),
        added AS (
            INSERT INTO model_usage_writers (writer, batch, written_at) VALUES (@writer, @number, store_now())
            ON CONFLICT (writer) DO UPDATE SET batch = @number, written_at = store_now() WHERE model_usage_writers.batch < @number
            RETURNING writer)
        INSERT INTO model_usage (tenant, key_id, model, requests, prompt_tokens, completion_tokens)
        SELECT one.* FROM unnest(@tenants, @keys, @models, @requests, @prompts, @completions)
            AS one (tenant, key_id, model, requests, prompt_tokens, completion_tokens) CROSS JOIN added
        ORDER BY one.tenant COLLATE "C", one.key_id COLLATE "C", one.model COLLATE "C"
        ON CONFLICT (tenant, key_id, model) DO UPDATE SET
            requests = model_usage.requests + excluded.requests,
            prompt_tokens = model_usage.prompt_tokens + excluded.prompt_tokens,
            completion_tokens = model_usage.completion_tokens + excluded.completion_tokens
        """;

    private const NpgsqlDbType Texts = NpgsqlDbType.Array | NpgsqlDbType.Text;

    private const NpgsqlDbType Numbers = NpgsqlDbType.Array | NpgsqlDbType.Bigint;

    public Task AddAsync(ModelUsageBatch batch, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ExecuteAsync(
            connection,
            Sql.Statement(Add)
                .With("writer", NpgsqlDbType.Uuid, batch.Writer)
                .With("number", batch.Number)
                .With("tenants", Texts, batch.Entries.Select(entry => entry.Tenant).ToArray())
                .With("keys", Texts, batch.Entries.Select(entry => entry.Key).ToArray())
                .With("models", Texts, batch.Entries.Select(entry => entry.Model).ToArray())
                .With("requests", Numbers, batch.Entries.Select(entry => entry.Requests).ToArray())
                .With("prompts", Numbers, batch.Entries.Select(entry => entry.PromptTokens).ToArray())
                .With("completions", Numbers, batch.Entries.Select(entry => entry.CompletionTokens).ToArray()),
            cancellationToken),
        cancellationToken);

    public async Task<IReadOnlyList<ModelUsageEntry>> ListAsync(string? tenant, CancellationToken cancellationToken) =>
        await database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection,
                Sql.Statement(
                    """
                    SELECT tenant, key_id, model, requests, prompt_tokens, completion_tokens FROM model_usage
                    WHERE @tenant IS NULL OR tenant = @tenant ORDER BY tenant, key_id, model
                    """).With("tenant", tenant),
                Read,
                cancellationToken),
            cancellationToken);

    private static ModelUsageEntry Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));
}
