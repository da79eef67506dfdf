using Microsoft.Data.Sqlite;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Sums of what models were used for. Writers that end are forgotten after a month.</summary>
internal sealed class SqliteModelUsageStore(SqliteDatabase database, TimeProvider time) : IModelUsageStore
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public Task AddAsync(ModelUsageBatch batch, CancellationToken cancellationToken) => database.WriteAsync(
        connection => IsNew(connection, batch) ? batch.Entries.Sum(entry => Add(connection, entry)) : 0, cancellationToken);

    public Task<IReadOnlyList<ModelUsageEntry>> ListAsync(string? tenant, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelUsageEntry>>(database.Read(connection => Sql.Rows(
            connection,
            """
            SELECT tenant, key_id, model, requests, prompt_tokens, completion_tokens FROM model_usage
            WHERE $tenant IS NULL OR tenant = $tenant ORDER BY tenant, key_id, model
            """,
            static row => new ModelUsageEntry(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)),
            ("$tenant", tenant))));

    private static int Add(SqliteConnection connection, ModelUsageEntry entry) => Sql.Execute(
        connection,
        """
        INSERT INTO model_usage (tenant, key_id, model, requests, prompt_tokens, completion_tokens)
        VALUES ($tenant, $key, $model, $requests, $prompts, $completions)
        ON CONFLICT (tenant, key_id, model) DO UPDATE SET requests = requests + $requests,
            prompt_tokens = prompt_tokens + $prompts, completion_tokens = completion_tokens + $completions
        """,
        ("$tenant", entry.Tenant), ("$key", entry.Key), ("$model", entry.Model), ("$requests", entry.Requests),
        ("$prompts", entry.PromptTokens), ("$completions", entry.CompletionTokens));

    private bool IsNew(SqliteConnection connection, ModelUsageBatch batch)
    {
        var now = time.GetUtcNow();
        Sql.Execute(
            connection, "DELETE FROM model_usage_writers WHERE written_at < $oldest", ("$oldest", Sql.Moment(now - Kept)));
        return Sql.Execute(
            connection,
            """
            INSERT INTO model_usage_writers (writer, batch, written_at) VALUES ($writer, $number, $now)
            ON CONFLICT (writer) DO UPDATE SET batch = $number, written_at = $now WHERE batch < $number
            """,
            ("$writer", batch.Writer.ToString()), ("$number", batch.Number), ("$now", Sql.Moment(now))) == 1;
    }
}
