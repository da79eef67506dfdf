using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>Has workers do maintenance tasks, all at once, and asks them how far they are.</summary>
internal sealed class ClusterNodeMaintenance(NodeDirectory nodes, NodeConnectionPool connections, TimeProvider time) : INodeMaintenance
{
    private const int MaxAnswer = 1 << 20;

    /// <summary>For an answer that a node has at hand.</summary>
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlyList<MaintenanceRun>> RunAsync(
        MaintenanceOrder order, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var known = await KnownAsync(cancellationToken);
        var asked = known.Where(node => names.Count == 0 || names.Any(name => IsCalled(node, name)))
            .Select(node => RunAsync(node, order, cancellationToken)).ToList();
        var missing = names.Where(name => !known.Any(node => IsCalled(node, name)))
            .Select(name => Failed(order, name, "There is no such node.")).ToList();
        var runs = await Task.WhenAll(asked);
        cancellationToken.ThrowIfCancellationRequested();
        return [.. runs, .. missing];
    }

    public async Task<IReadOnlyList<NodeMaintenanceReport>> ReadAsync(CancellationToken cancellationToken)
    {
        var reports = await Task.WhenAll((await KnownAsync(cancellationToken)).Select(node => ReadAsync(node, cancellationToken)));
        cancellationToken.ThrowIfCancellationRequested();
        return reports;
    }

    private async Task<IReadOnlyList<NodeView>> KnownAsync(CancellationToken cancellationToken)
    {
        await nodes.FirstRead.WaitAsync(cancellationToken);
        return [.. nodes.Known.Values.Where(node => !node.Left).OrderBy(node => node.Facts.Name, StringComparer.Ordinal)];
    }

    private static bool IsCalled(NodeView node, string name) =>
        name == node.Facts.Name || name == node.Facts.HostIp || name == node.Facts.Address.Host;

    private async Task<MaintenanceRun> RunAsync(NodeView node, MaintenanceOrder order, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node.Facts.Address, NodeApiRoutes.Maintenance));
        request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(order, NodeApiJson.Default.MaintenanceOrder))
        { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        var (run, problem) = await SendAsync(
            node, request, NodeApiJson.Default.MaintenanceRun, order.WaitsForEnd ? Timeout.InfiniteTimeSpan : Within, cancellationToken);
        return run is null ? Failed(order, node.Facts.Name, problem!) : run with { Node = node.Facts.Name };
    }

    private async Task<NodeMaintenanceReport> ReadAsync(NodeView node, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Facts.Address, NodeApiRoutes.Maintenance));
        var (report, problem) = await SendAsync(
            node, request, NodeApiJson.Default.NodeMaintenanceReport, Within, cancellationToken);
        return report is null
            ? new NodeMaintenanceReport(node.Facts.Name, [], [], problem)
            : report with { Node = node.Facts.Name };
    }

    private async Task<(T? Answer, string? Problem)> SendAsync<T>(
        NodeView node, HttpRequestMessage request, JsonTypeInfo<T> type, TimeSpan within, CancellationToken cancellationToken)
        where T : class
    {
        if (!node.TakesCalls)
        {
            return (null, node.Load.Leaving ? "The node is being ended." : $"The node is {node.StateName}.");
        }

        using var deadline = new CancellationTokenSource(within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var answer = await connections.SendAsync(node, request, either.Token);
            if (!answer.IsSuccessStatusCode)
            {
                return (null, $"The node answered with HTTP status {(int)answer.StatusCode}.");
            }

            await answer.Content.LoadIntoBufferAsync(MaxAnswer, either.Token);
            return JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(either.Token), type) is { } told
                ? (told, null)
                : (null, "The node answered with nothing.");
        }
        catch (Exception exception)
            when (exception is HttpRequestException or JsonException or NodeSilentException or IOException or ObjectDisposedException
                or OperationCanceledException)
        {
            return (null, $"The node does not answer this server: {exception.Message}");
        }
    }

    private MaintenanceRun Failed(MaintenanceOrder order, string node, string reason) =>
        new(order.Id, order.Task, node, MaintenanceRun.Failed, reason, time.GetUtcNow(), time.GetUtcNow());
}
