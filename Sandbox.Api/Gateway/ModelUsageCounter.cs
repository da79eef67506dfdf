using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>Counts what requests for models take, for each key. It is written now and then, so that a request costs no write, and once more
/// when the process ends.</summary>
internal sealed partial class ModelUsageCounter(
    IModelUsageStore store, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ModelUsageCounter> logger)
    : BackgroundService
{
    /// <summary>Of its own: the time in which the process may end is already over when requests have used it up.</summary>
    private static readonly TimeSpan LastWriteLimit = TimeSpan.FromSeconds(5);

    private readonly Guid _writer = Guid.NewGuid();
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private Dictionary<(string Tenant, string Key, string Model), ModelUsageEntry> _counted = [];

    /// <summary>What is being written, until it is known to be in the store.</summary>
    private ModelUsageBatch? _batch;

    private long _batches;

    /// <summary>Counts a request that an engine got.</summary>
    /// <param name="usage">Null: the engine did not tell.</param>
    public void Count(Caller caller, string model, TokenUsage? usage)
    {
        var key = (caller.Tenant, caller.Key, model);
        lock (_lock)
        {
            var before = _counted.GetValueOrDefault(key) ?? new ModelUsageEntry(caller.Tenant, caller.Key, model, 0, 0, 0);
            _counted[key] = before.With(usage?.PromptTokens ?? 0, usage?.CompletionTokens ?? 0);
        }
    }

    /// <summary>Writes what was counted until now.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            // One that failed before has its own number and contents, so that it is not counted twice if it did arrive.
            await WriteBatchAsync(cancellationToken);
            _batch = Take();
            await WriteBatchAsync(cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The server has answered its last request by then: it is stopped before what serves it.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = new CancellationTokenSource(LastWriteLimit, time);
        try
        {
            await WriteAsync(limit.Token);
        }
        catch (Exception exception)
        {
            Log.Lost(logger, exception);
        }
    }

    public override void Dispose()
    {
        _writing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(options.Value.UsageInterval, time);
        while (await ticks.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await WriteAsync(stoppingToken);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotWritten(logger, exception);
            }
        }
    }

    private async Task WriteBatchAsync(CancellationToken cancellationToken)
    {
        if (_batch is { } batch)
        {
            await store.AddAsync(batch, cancellationToken);
            _batch = null;
        }
    }

    private ModelUsageBatch? Take()
    {
        lock (_lock)
        {
            if (_counted.Count == 0)
            {
                return null;
            }

            var batch = new ModelUsageBatch(_writer, ++_batches, [.. _counted.Values]);
            _counted = [];
            return batch;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5903, LogLevel.Warning, "What models were used for cannot be written now; it is tried again")]
        public static partial void NotWritten(ILogger logger, Exception exception);

        [LoggerMessage(5904, LogLevel.Error, "What models were used for since it was last written is lost, for the process ends")]
        public static partial void Lost(ILogger logger, Exception exception);
    }
}
