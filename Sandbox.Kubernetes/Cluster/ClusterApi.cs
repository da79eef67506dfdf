using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Kubernetes.Objects;
using Sandbox.Node;

namespace Sandbox.Kubernetes.Cluster;

/// <summary>Our verbs on the cluster's objects; nothing else speaks to the API server. "Not found" while removing is done,
/// "already there" while making is success when it is this incarnation's.</summary>
internal sealed class ClusterApi(
    ClusterConnection connection, ApiCalls calls, IOptions<KubernetesOptions> options, IOptions<WorkerOptions> worker)
{
    // The agent was asked to end everything before; what is left has a second. (Zero would drop a pod that may still run.)
    private static readonly V1DeleteOptions Soon = new() { GracePeriodSeconds = 1, PropagationPolicy = "Background" };

    /// <summary>Bytes of a log that are read at most, unless it is followed. A kubelet keeps 10 MiB where nobody said otherwise.</summary>
    private const int LongestLog = 16 * 1024 * 1024;

    private string Namespace => options.Value.Namespace;

    private string Ours => $"{ObjectLabels.Cluster}={worker.Value.ClusterId}";

    private ICoreV1Operations Core => connection.Client.CoreV1;

    private ICustomObjectsOperations Custom => connection.Client.CustomObjects;

    /// <summary>Makes the secret, or gives the one of an earlier attempt this content.</summary>
    public async Task EnsureSecretAsync(JsonObject manifest, CancellationToken cancellationToken)
    {
        var wanted = KubernetesJson.Deserialize<V1Secret>(manifest);
        var name = wanted.Metadata.Name;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await calls.RunAsync(
                    "create a secret", token =>
                        Core.CreateNamespacedSecretAsync(wanted, Namespace, cancellationToken: token), cancellationToken);
                return;
            }
            catch (ClusterException exception) when (exception.IsConflict)
            {
            }

            try
            {
                var found = await calls.RunAsync(
                    "read a secret", token => Core.ReadNamespacedSecretAsync(name, Namespace, cancellationToken: token), cancellationToken);
                RefuseOthers(found.Metadata, wanted.Metadata.Labels[ObjectLabels.Incarnation]);
                if (found.Type == wanted.Type && Same(found.Data, wanted.Data))
                {
                    return;
                }

                found.Data = wanted.Data;
                await calls.RunAsync(
                    "replace a secret", token =>
                        Core.ReplaceNamespacedSecretAsync(found, name, Namespace, cancellationToken: token), cancellationToken);
                return;
            }
            catch (ClusterException exception) when (attempt < options.Value.Tries && (exception.IsConflict || exception.IsNotFound))
            {
                // Another process wrote it, or removed it, since it was read: read it again.
            }
        }
    }

    /// <summary>The pod or batch sandbox of this incarnation, as it is now; null: there is none. Throws a
    /// <see cref="ClusterException"/> where its name is another object's.</summary>
    public async Task<JsonObject?> FindSandboxAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadSandboxAsync(incarnation, cancellationToken);
        }
        catch (ClusterException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Makes the pod or batch sandbox of this incarnation. The answer is what is there now: the manifest, or what was made
    /// before.</summary>
    public async Task<JsonObject> EnsureSandboxAsync(IncarnationId incarnation, JsonObject manifest, CancellationToken cancellationToken)
    {
        try
        {
            if (options.Value.IsPodMode)
            {
                var pod = KubernetesJson.Deserialize<V1Pod>(manifest);
                await calls.RunAsync(
                    "create a pod", token => Core.CreateNamespacedPodAsync(pod, Namespace, cancellationToken: token), cancellationToken);
            }
            else
            {
                await calls.RunAsync(
                    "create a batch sandbox",
                    token => Custom.CreateNamespacedCustomObjectAsync<JsonElement>(
                        manifest, BatchSandboxes.Group, BatchSandboxes.Version, Namespace, BatchSandboxes.Plural, cancellationToken: token),
                    cancellationToken);
            }

            return manifest;
        }
        catch (ClusterException exception) when (exception.IsConflict)
        {
            return await ReadSandboxAsync(incarnation, cancellationToken);
        }
    }

    /// <summary>Removes pod or batch sandbox, and the secret.</summary>
    public async Task EnsureGoneAsync(string name, CancellationToken cancellationToken)
    {
        // A batch sandbox's pod goes with it; one that a controller made under our name in pod mode is ours itself.
        if (options.Value.IsPodMode)
        {
            await RemoveAsync(
                "delete a pod", token => Core.DeleteNamespacedPodAsync(name, Namespace, Soon, cancellationToken: token), cancellationToken);
        }
        else
        {
            await RemoveAsync(
                "delete a batch sandbox",
                token => Custom.DeleteNamespacedCustomObjectAsync<JsonElement>(
                    BatchSandboxes.Group, BatchSandboxes.Version, Namespace, BatchSandboxes.Plural, name, Soon, cancellationToken: token),
                cancellationToken);
        }

        await RemoveAsync(
            "delete a secret", token => Core.DeleteNamespacedSecretAsync(name, Namespace, cancellationToken: token), cancellationToken);
    }

    /// <summary>What a pod's main container has written, and where asked what it goes on to write; null when there is no such pod. The
    /// caller disposes it.</summary>
    /// <param name="sinceSeconds">So many seconds ago or later; null: whenever.</param>
    public async Task<Stream?> OpenLogAsync(
        string pod, bool follow, int? tail, int? sinceSeconds, CancellationToken cancellationToken)
    {
        try
        {
            // The API server asks for the container's name where there are several.
            var found = await calls.RunAsync(
                "read a pod", token => Core.ReadNamespacedPodAsync(pod, Namespace, cancellationToken: token), cancellationToken);
            var container = (found.Spec.Containers.FirstOrDefault(one => one.Name == "main") ?? found.Spec.Containers[0]).Name;
            return await calls.RunAsync(
                "read the log of a pod",
                token => Core.ReadNamespacedPodLogAsync(
                    pod, Namespace, container, follow, limitBytes: follow ? null : LongestLog, sinceSeconds: sinceSeconds, tailLines: tail,
                    cancellationToken: token),
                cancellationToken);
        }
        catch (ClusterException exception) when (exception.IsNotFound)
        {
            return null;
        }
    }

    public async Task<(IEnumerable<V1Pod> Items, string Version)> ListPodsAsync(CancellationToken cancellationToken)
    {
        var list = await calls.RunAsync(
            "list pods", token => Core.ListNamespacedPodAsync(Namespace, labelSelector: Ours, cancellationToken: token), cancellationToken);
        return (list.Items, list.Metadata.ResourceVersion);
    }

    public async Task<(IEnumerable<BatchSandbox> Items, string Version)> ListBatchSandboxesAsync(CancellationToken cancellationToken)
    {
        var list = await calls.RunAsync(
            "list batch sandboxes",
            token => Custom.ListNamespacedCustomObjectAsync<BatchSandboxList>(
                BatchSandboxes.Group, BatchSandboxes.Version, Namespace, BatchSandboxes.Plural, labelSelector: Ours,
                cancellationToken: token),
            cancellationToken);
        return (list.Items, list.Metadata.ResourceVersion);
    }

    public async Task<IEnumerable<V1Secret>> ListSecretsAsync(CancellationToken cancellationToken) =>
        (await calls.RunAsync(
            "list secrets", token =>
                Core.ListNamespacedSecretAsync(Namespace, labelSelector: Ours, cancellationToken: token), cancellationToken)).Items;

    public IAsyncEnumerable<(WatchEventType Type, V1Pod Item)> WatchPodsAsync(string version, CancellationToken cancellationToken) =>
        WatchAsync(
            "watch pods",
            failed => Core.WatchListNamespacedPodAsync(
                Namespace, labelSelector: Ours, resourceVersion: version, timeoutSeconds: WatchSeconds, onError: failed,
                cancellationToken: cancellationToken),
            cancellationToken);

    public IAsyncEnumerable<(WatchEventType Type, BatchSandbox Item)> WatchBatchSandboxesAsync(
        string version, CancellationToken cancellationToken) =>
        WatchAsync(
            "watch batch sandboxes",
            failed => Convert(Custom.WatchListNamespacedCustomObjectAsync(
                BatchSandboxes.Group, BatchSandboxes.Version, Namespace, BatchSandboxes.Plural,
                labelSelector: Ours, resourceVersion: version, timeoutSeconds: WatchSeconds, onError: failed,
                cancellationToken: cancellationToken)),
            cancellationToken);

    private int WatchSeconds => (int)Math.Ceiling(options.Value.RelistEvery.TotalSeconds);

    private static bool Same(IDictionary<string, byte[]>? one, IDictionary<string, byte[]>? other) =>
        one?.Count == other?.Count
            && (one is null || one.All(entry => other!.TryGetValue(entry.Key, out var value) && value.AsSpan().SequenceEqual(entry.Value)));

    private static async IAsyncEnumerable<(WatchEventType Type, BatchSandbox Item)> Convert(
        IAsyncEnumerable<(WatchEventType Type, object Item)> events)
    {
        await foreach (var (type, item) in events)
        {
            yield return (type, KubernetesJson.Deserialize<BatchSandbox>((JsonElement)item));
        }
    }

    private void RefuseOthers(V1ObjectMeta found, string incarnation)
    {
        if (found.Labels?.TryGetValue(ObjectLabels.Incarnation, out var of) is not true || of != incarnation
            || found.Labels?.TryGetValue(ObjectLabels.Cluster, out var cluster) is not true || cluster != worker.Value.ClusterId)
        {
            throw new ClusterException(HttpStatusCode.Conflict, $"the name {found.Name} is used by another object");
        }
    }

    private async Task<JsonObject> ReadSandboxAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var name = ObjectName.Of(incarnation);
        var found = options.Value.IsPodMode
            ? KubernetesJson.Serialize(await calls.RunAsync(
                "read a pod", token => Core.ReadNamespacedPodAsync(name, Namespace, cancellationToken: token), cancellationToken))
            : (await calls.RunAsync(
                "read a batch sandbox",
                token => Custom.GetNamespacedCustomObjectAsync<JsonElement>(
                    BatchSandboxes.Group, BatchSandboxes.Version, Namespace, BatchSandboxes.Plural, name, token),
                cancellationToken)).GetRawText();
        var sandbox = JsonNode.Parse(found)!.AsObject();
        RefuseOthers(KubernetesJson.Deserialize<V1ObjectMeta>(sandbox["metadata"]!), incarnation.ToString());
        return sandbox;
    }

    private async Task RemoveAsync<T>(string what, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            await calls.RunAsync(what, call, cancellationToken);
        }
        catch (ClusterException exception) when (exception.IsNotFound)
        {
            // Gone: what was asked for.
        }
    }

    /// <summary>Events until the server ends the watch; throws when it says that the watch has expired, or breaks it.</summary>
    private async IAsyncEnumerable<(WatchEventType Type, T Item)> WatchAsync<T>(
        string what, Func<Action<Exception>, IAsyncEnumerable<(WatchEventType Type, T Item)>> open,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await calls.AwaitPermitAsync(cancellationToken);
        Exception? failure = null;
        await using var events = open(exception => failure ??= exception).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            bool more;
            try
            {
                more = await events.MoveNextAsync();
            }
            catch (HttpOperationException exception)
            {
                throw ApiCalls.Refused(what, exception);
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or KubernetesException or JsonException)
            {
                throw Broken(what, exception);
            }

            if (failure is not null)
            {
                throw Broken(what, failure);
            }

            if (!more)
            {
                yield break;
            }

            yield return events.Current;
        }
    }

    private static ClusterException Broken(string what, Exception exception) =>
        new((HttpStatusCode?)(exception as KubernetesException)?.Status?.Code,
            $"the Kubernetes API does not go on to {what}: {exception.Message}", exception);
}
