using System.Collections.Concurrent;
using System.Diagnostics;
using StackExchange.Redis;
using StackExchange.Redis.Profiling;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// A span for each command to Redis that belongs to a trace. The client has no spans of its own, but writes down what it did for
/// whom; that is read here from time to time, and once more when the one it was done for has ended.
/// </summary>
internal sealed class RedisTracing(TimeProvider time) : BackgroundService
{
    /// <summary>As the instrumentation of OpenTelemetry is named, so that nobody downstream knows the difference.</summary>
    public const string Name = "OpenTelemetry.Instrumentation.StackExchangeRedis";

    private const string Key = "redis";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly ActivitySource Spans = new(Name);

    private readonly ConcurrentQueue<(Activity Asker, ProfilingSession Commands)> _open = [];

    public void Watch(IConnectionMultiplexer redis) => redis.RegisterProfiler(Find);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(Every, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken))
            {
                Tell();
            }
        }
        finally
        {
            Tell();
        }
    }

    /// <summary>Makes spans of what was done until now.</summary>
    internal void Tell()
    {
        for (var left = _open.Count; left > 0 && _open.TryDequeue(out var one); left--)
        {
            var hasEnded = one.Asker.IsStopped;
            foreach (var command in one.Commands.FinishProfiling())
            {
                Tell(one.Asker, command);
            }

            if (!hasEnded)
            {
                _open.Enqueue(one);
            }
        }
    }

    private static void Tell(Activity asker, IProfiledCommand command)
    {
        using var span = Spans.StartActivity(
            command.Command, ActivityKind.Client, asker.Context, startTime: command.CommandCreated,
            tags: [new("db.system.name", "redis"), new("db.operation.name", command.Command), new("db.namespace", command.Db)]);
        span?.SetEndTime(command.CommandCreated + command.ElapsedTime);
    }

    private ProfilingSession? Find()
    {
        if (!Spans.HasListeners() || Activity.Current is not { IsAllDataRequested: true } asker)
        {
            return null;
        }

        if (asker.GetCustomProperty(Key) is ProfilingSession known)
        {
            return known;
        }

        var session = new ProfilingSession();
        asker.SetCustomProperty(Key, session);
        _open.Enqueue((asker, session));
        return session;
    }
}
