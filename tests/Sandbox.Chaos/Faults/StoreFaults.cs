using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;

namespace Sandbox.Chaos.Faults;

/// <summary>Redis loses everything it had.</summary>
public sealed class RedisFlush(RedisServer redis) : IFault
{
    public string Kind => "Redis flush";

    public string Target => "redis";

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        await redis.FlushAsync();
        return () => Task.CompletedTask;
    }
}

/// <summary>Redis ends and comes back empty, at once or after a while.</summary>
public sealed class RedisGone(RedisServer redis, string kind, TimeSpan longest, TimeProvider time) : IFault
{
    public string Kind => kind;

    public string Target => "redis";

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        await redis.KillAsync();
        await Task.Delay(longest * random.NextDouble(), time);
        return redis.StartAgainAsync;
    }
}

/// <summary>Postgres ends in its immediate mode, as in a crash, and recovers.</summary>
public sealed class PostgresRestart(PostgresServer postgres, TimeProvider time) : IFault
{
    public string Kind => "Postgres restart";

    public string Target => "postgres";

    public async Task<Func<Task>> InjectAsync(Random random)
    {
        await postgres.EndAtOnceAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 2000)), time);
        return postgres.StartAgainAsync;
    }
}
