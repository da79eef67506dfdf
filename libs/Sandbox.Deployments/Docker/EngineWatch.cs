using System.Globalization;
using System.Threading.Channels;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Node;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>Listens to the engine's events about this cluster's containers, and listens anew when the engine went away.</summary>
internal sealed partial class EngineWatch(
    EngineConnection engine, IEnumerable<IContainerWatch> watchers, IOptions<WorkerOptions> options, TimeProvider time,
    ILogger<EngineWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100), LastRetry = TimeSpan.FromSeconds(5);

    private readonly EngineContainers _containers = new(engine);
    private readonly IReadOnlyList<IContainerWatch> _watchers = [.. watchers];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Deployment == "local")
        {
            return;
        }

        var retry = FirstRetry;
        bool? answers = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await engine.PingAsync(stoppingToken);
                (answers, retry) = (true, FirstRetry);
                await ListenAsync(stoppingToken);
                Log.StreamEnded(logger);
            }
            catch (EngineException exception)
            {
                if (answers is not false)
                {
                    // None from the first is a machine without Docker, which is nobody's fault.
                    Log.EngineLost(logger, answers is null ? LogLevel.Debug : LogLevel.Warning, exception.Message);
                    answers = false;
                    await TellAsync(watcher => watcher.EngineLostAsync(exception.Message, stoppingToken));
                }
            }

            await Task.Delay(retry, time, stoppingToken);
            retry = retry * 2 < LastRetry ? retry * 2 : LastRetry;
        }
    }

    /// <summary>Ends when the stream of events does.</summary>
    private async Task ListenAsync(CancellationToken cancellationToken)
    {
        var events = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var streaming = StreamAsync(new Into(events.Writer), ended.Token);
        try
        {
            // What happens between these two lines is in the stream already, what happened before is seen by looking.
            await TellAsync(watcher => watcher.EngineBackAsync(cancellationToken));
            await foreach (var message in events.Reader.ReadAllAsync(cancellationToken))
            {
                await TellAsync(message, cancellationToken);
            }

            await streaming;
        }
        finally
        {
            await ended.CancelAsync();
        }
    }

    private async Task StreamAsync(Into events, CancellationToken cancellationToken)
    {
        var ours = new ContainerEventsParameters
        {
            // A little of the past, so that nothing falls between asking and listening.
            Since = time.GetUtcNow().AddSeconds(-1).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
            Filters = new Dictionary<string, IDictionary<string, bool>>
            {
                ["type"] = new Dictionary<string, bool> { ["container"] = true },
                ["event"] = new Dictionary<string, bool> { ["die"] = true, ["destroy"] = true },
                ["label"] = new Dictionary<string, bool> { [$"{ContainerLabels.Cluster}={options.Value.ClusterId}"] = true },
            },
        };
        try
        {
            await engine.CallAsync(
                "events", (client, token) =>
                    client.System.MonitorEventsAsync(ours, events, token), Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            events.Complete();
        }
    }

    private async Task TellAsync(Message message, CancellationToken cancellationToken)
    {
        if (!ContainerLabels.TryRead(message.Actor.Attributes, options.Value.ClusterId, out var incarnation, out var sandbox))
        {
            return;
        }

        if (message.Action == "destroy")
        {
            await TellAsync(watcher => watcher.ContainerRemovedAsync(incarnation, sandbox, cancellationToken));
            return;
        }

        var reason = await WhyAsync(message, cancellationToken);
        await TellAsync(watcher => watcher.ContainerEndedAsync(incarnation, sandbox, reason, cancellationToken));
    }

    /// <summary>The event has the exit code; that memory ran out is only in the container.</summary>
    private async Task<string> WhyAsync(Message message, CancellationToken cancellationToken)
    {
        var found = await _containers.FindAsync(message.Actor.ID, cancellationToken);
        return found?.State is { Running: false, Status: "exited" } state
            ? EndReason.Of(state)
            : $"exit code {message.Actor.Attributes["exitCode"]}";
    }

    private async Task TellAsync(Func<IContainerWatch, Task> tell)
    {
        foreach (var watcher in _watchers)
        {
            try
            {
                await tell(watcher);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.WatcherFailed(logger, exception);
            }
        }
    }

    /// <summary>Takes the client library's callbacks, which come on its reading thread, over to ours, in order.</summary>
    private sealed class Into(ChannelWriter<Message> writer) : IProgress<Message>
    {
        public void Report(Message value) => writer.TryWrite(value);

        public void Complete() => writer.TryComplete();
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3006, Message = "The engine does not answer; its events are awaited when it does: {Reason}")]
        public static partial void EngineLost(ILogger logger, LogLevel level, string reason);

        [LoggerMessage(3007, LogLevel.Information, "The engine ended its stream of events, listening anew")]
        public static partial void StreamEnded(ILogger logger);

        [LoggerMessage(3008, LogLevel.Error, "A container watch failed")]
        public static partial void WatcherFailed(ILogger logger, Exception exception);
    }
}
