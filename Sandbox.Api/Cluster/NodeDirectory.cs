using System.Collections.Frozen;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>The cluster's nodes as they were a moment ago: read every second beside the calls, which only look at what is
/// there. While the store does not answer the last picture stays.</summary>
internal sealed partial class NodeDirectory(INodeStore nodes, TimeProvider time, ILogger<NodeDirectory> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _lock = new(1);
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FrozenDictionary<string, NodeView> _known = FrozenDictionary<string, NodeView>.Empty;
    private long _reads;

    public IReadOnlyDictionary<string, NodeView> Known => Volatile.Read(ref _known);

    /// <summary>The nodes have been read; told with what is known now.</summary>
    public event Action<IReadOnlyDictionary<string, NodeView>>? Refreshed;

    /// <summary>Completes when the nodes have been read at least once.</summary>
    public Task FirstRead => _first.Task;

    /// <summary>Reads now; a caller that comes while it is being read shares the answer.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var seen = Volatile.Read(ref _reads);
        await _lock.WaitAsync(cancellationToken);
        try
        {
            if (_reads == seen)
            {
                var read = await nodes.ListAsync(cancellationToken);
                Volatile.Write(ref _known, read.ToFrozenDictionary(node => node.Facts.Name, StringComparer.Ordinal));
                Volatile.Write(ref _reads, seen + 1);
                _first.TrySetResult();
                Refreshed?.Invoke(_known);
            }
        }
        finally
        {
            _lock.Release();
        }
    }

    public override void Dispose()
    {
        _lock.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var silent = false;
        using var ticks = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                await RefreshAsync(stoppingToken);
                silent = false;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                if (!silent)
                {
                    Log.NotRead(logger, exception.Message);
                    silent = true;
                }
            }
        }
        while (await ticks.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(5301, LogLevel.Warning, "The nodes could not be read; the last picture of them stays: {Reason}")]
        public static partial void NotRead(ILogger logger, string reason);
    }
}
