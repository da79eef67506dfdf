using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Live;

namespace Sandbox.Storage.Redis;

/// <summary>Repairs what could not be written while Redis was away: each live entry anew from its record.</summary>
/// <param name="records">The truth, without its live entries.</param>
internal sealed partial class CacheRepairWorker(
    RedisConnection redis, CacheRepairQueue repairs, ISandboxStore records, LiveCache cache, TimeProvider time,
    ILogger<CacheRepairWorker> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await repairs.Any.WaitAsync(stoppingToken);
            await redis.Closed.WaitAsync(stoppingToken);
            await WriteOwedAsync(stoppingToken);
            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    internal async Task WriteOwedAsync(CancellationToken cancellationToken)
    {
        var ids = repairs.TakeAll();
        try
        {
            foreach (var id in ids)
            {
                await WriteAsync(id, cancellationToken);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.Failed(logger, ids.Count, exception);
        }
    }

    private async Task WriteAsync(SandboxId id, CancellationToken cancellationToken)
    {
        switch (await records.FindAsync(id, cancellationToken))
        {
            case { State: SandboxState.Pending or SandboxState.Running } live:
                await cache.UpdateAsync(live, since: live.Version, cancellationToken);
                break;
            case { } resting:
                await cache.EvictAsync(resting, cancellationToken);
                break;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2021, LogLevel.Warning, "{Count} live entries could not be repaired; they are answered from their records")]
        public static partial void Failed(ILogger logger, int count, Exception exception);
    }
}
