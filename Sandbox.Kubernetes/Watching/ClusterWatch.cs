using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Kubernetes.Cluster;
using Sandbox.Kubernetes.Objects;
using Sandbox.Node;

namespace Sandbox.Kubernetes.Watching;

/// <summary>
/// Keeps the view in step: lists, then watches from that version on, and lists again when the watch ends (at the latest after the
/// agreed time), breaks, or has expired. What was missed in between is made good by the list.
/// </summary>
internal sealed partial class ClusterWatch(
    ClusterApi api, ClusterView view, ViewUpdates updates, IOptions<KubernetesOptions> options, IOptions<WorkerOptions> worker,
    TimeProvider time, ILogger<ClusterWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        FollowAsync(ObjectKind.Pod, FollowPodsAsync, stoppingToken),
        options.Value.IsPodMode ? Task.CompletedTask : FollowAsync(ObjectKind.Batch, FollowBatchesAsync, stoppingToken),
        FollowAsync(ObjectKind.Secret, LookAtSecretsAsync, stoppingToken));

    private async Task FollowAsync(ObjectKind kind, Func<CancellationToken, CancellationToken, Task> round, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // A server that forgets its own limit does not keep us from listing again.
            using var limit = new CancellationTokenSource(options.Value.RelistEvery, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, limit.Token);
            try
            {
                await round(stoppingToken, either.Token);
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested && !stoppingToken.IsCancellationRequested)
            {
                // Time to list again.
            }
            catch (WatchEndedException ended)
            {
                Log.WatchEnded(logger, kind, ended.InnerException!.Message);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                if (view.FellSilent(kind, exception.Message))
                {
                    Log.Silent(logger, kind, exception.Message);
                }

                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private async Task FollowPodsAsync(CancellationToken stopping, CancellationToken untilRelist)
    {
        var (pods, version) = await api.ListPodsAsync(stopping);
        await updates.ReplaceAsync(ObjectKind.Pod, pods.Select(Read), stopping);
        await FollowAsync(ObjectKind.Pod, api.WatchPodsAsync(version, untilRelist), Read, untilRelist);
    }

    private async Task FollowBatchesAsync(CancellationToken stopping, CancellationToken untilRelist)
    {
        var (batches, version) = await api.ListBatchSandboxesAsync(stopping);
        await updates.ReplaceAsync(ObjectKind.Batch, batches.Select(Read), stopping);
        await FollowAsync(ObjectKind.Batch, api.WatchBatchSandboxesAsync(version, untilRelist), Read, untilRelist);
    }

    /// <summary>Nothing waits for a secret; a look from time to time finds those that were left behind.</summary>
    private async Task LookAtSecretsAsync(CancellationToken stopping, CancellationToken untilRelist)
    {
        var secrets = await api.ListSecretsAsync(stopping);
        await updates.ReplaceAsync(
            ObjectKind.Secret, secrets.Select(secret => Of(secret.Metadata) is { } facts ? facts with { Secret = true } : null), stopping);
        await Task.Delay(options.Value.RelistEvery, time, untilRelist);
    }

    private async Task FollowAsync<T>(
        ObjectKind kind, IAsyncEnumerable<(WatchEventType Type, T Item)> events, Func<T, SandboxFacts?> read,
        CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var (type, item) in events.WithCancellation(cancellationToken))
            {
                if (type is WatchEventType.Added or WatchEventType.Modified or WatchEventType.Deleted && read(item) is { } seen)
                {
                    await updates.ApplyAsync(kind, seen, type is WatchEventType.Deleted, cancellationToken);
                }
            }
        }
        catch (ClusterException exception)
        {
            throw new WatchEndedException(exception);
        }
    }

    private SandboxFacts? Read(V1Pod pod) =>
        Of(pod.Metadata) is { } facts ? facts with { Pod = new NamedPod(pod.Metadata.Name, PodFacts.Of(pod)) } : null;

    private SandboxFacts? Read(BatchSandbox batch) =>
        Of(batch.Metadata) is { } facts
            ? facts with
            {
                Batch = new BatchFacts(
                batch.Metadata.DeletionTimestamp is not null, Endpoints(batch.Metadata), batch.Spec?.PoolRef)
            }
            : null;

    private static List<string> Endpoints(V1ObjectMeta metadata)
    {
        try
        {
            return metadata.Annotations?.TryGetValue(ObjectLabels.Endpoints, out var list) is true
                ? JsonSerializer.Deserialize<List<string>>(list) ?? []
                : [];
        }
        catch (JsonException)
        {
            // Half written by its writer: as if it were not there yet.
            return [];
        }
    }

    private SandboxFacts? Of(V1ObjectMeta metadata) =>
        ObjectLabels.TryRead(metadata.Labels, metadata.Annotations, worker.Value.ClusterId, out var incarnation, out var sandbox)
            ? new SandboxFacts(incarnation, sandbox)
            : null;

    /// <summary>The watch ended before its time; the next list tells what was missed.</summary>
    private sealed class WatchEndedException(Exception cause) : Exception(cause.Message, cause);

    private static partial class Log
    {
        [LoggerMessage(
            4601, LogLevel.Warning, "The Kubernetes API does not answer, so nothing is known of its {Kind} objects now: {Reason}")]
        public static partial void Silent(ILogger logger, ObjectKind kind, string reason);

        [LoggerMessage(4602, LogLevel.Information, "A watch of {Kind} objects ended, they are listed again: {Reason}")]
        public static partial void WatchEnded(ILogger logger, ObjectKind kind, string reason);
    }
}
