using System.Text.Json;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>Live entries in Redis. Whatever becomes of Redis, a reader finds nothing and a writer goes on; what could not be
/// written is remembered (<see cref="CacheRepairQueue"/>) and repaired from the record when Redis is back.</summary>
internal sealed class RedisLiveStore(RedisConnection redis, CacheRepairQueue repairs) : ILiveStore
{
    // Each try lost means that another writer won.
    private const int Tries = 8;

    public async Task PutAsync(SandboxId id, LiveWrite write, CancellationToken cancellationToken)
    {
        var timeout = Timeout(write.Version, write.Timeout);
        var (seen, below) = ("", write.Seed);
        for (var i = 0; i < Tries; i++)
        {
            var entry = JsonSerializer.Serialize(
                new AliveEntry(write.Version, LiveFields.Merge(below, write.Fields)), RedisEntryJson.Default.AliveEntry);
            var there = await RunAsync(
                id, RedisScripts.Put, [write.Version, write.Since, seen, entry, timeout, Life], cancellationToken);
            if (there is not { Length: > 0 })
            {
                return;
            }

            (seen, below) = (there, RedisEntryJson.ReadAlive(there)?.Alive ?? write.Seed);
        }

        repairs.Add(id);
    }

    public async Task<IReadOnlyDictionary<string, object?>?> FindAsync(SandboxId id, long version, CancellationToken cancellationToken) =>
        await GetAsync(Alive(id), cancellationToken) is { } text && RedisEntryJson.ReadAlive(text) is { } entry && entry.Version == version
            ? LiveFields.Pick(entry.Alive)
            : null;

    public Task PutTimeoutAsync(SandboxId id, long version, LiveTimeout timeout, CancellationToken cancellationToken) =>
        RunAsync(id, RedisScripts.PutTimeout, [version, Timeout(version, timeout), Life], cancellationToken);

    public async Task<LiveTimeout?> FindTimeoutAsync(SandboxId id, long version, CancellationToken cancellationToken) =>
        await GetAsync(TimeoutOf(id), cancellationToken) is { } text && RedisEntryJson.ReadTimeout(text) is { } entry
            && entry.Version == version
            ? entry.ToTimeout()
            : null;

    public Task RemoveAsync(SandboxId id, long version, CancellationToken cancellationToken) =>
        RunAsync(id, RedisScripts.Remove, [version], cancellationToken);

    private static RedisKey Alive(SandboxId id) => $"alive:{id}";

    private static RedisKey TimeoutOf(SandboxId id) => $"timeout:{id}";

    private static RedisKey Gone(SandboxId id) => $"gone:{id}";

    private static string Timeout(long version, LiveTimeout timeout) =>
        JsonSerializer.Serialize(TimeoutEntry.Of(version, timeout), RedisEntryJson.Default.TimeoutEntry);

    private RedisValue Life => (long)redis.Options.EntryLife.TotalMilliseconds;

    private Task<string?> GetAsync(RedisKey key, CancellationToken cancellationToken) =>
        redis.AskAsync(async database => (string?)await database.StringGetAsync(key), otherwise: null, cancellationToken);

    /// <summary>Null: it could not be written, or it is not known.</summary>
    private async Task<string?> RunAsync(SandboxId id, string script, RedisValue[] values, CancellationToken cancellationToken)
    {
        var answer = await redis.AskAsync(
            async database => (string?)await database.ScriptEvaluateAsync(script, [Alive(id), TimeoutOf(id), Gone(id)], values),
            otherwise: null, cancellationToken);
        if (answer is null)
        {
            repairs.Add(id);
        }

        return answer;
    }
}
