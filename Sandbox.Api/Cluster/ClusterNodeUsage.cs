using System.Text.Json;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>Asks every living worker at once, each for all its sandboxes.</summary>
internal sealed partial class ClusterNodeUsage(
    NodeDirectory nodes, NodeConnectionPool lines, TimeProvider time, ILogger<ClusterNodeUsage> logger) : INodeUsage
{
    private const int MaxAnswer = 16 * 1024 * 1024;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(3);

    public async Task<IReadOnlyList<NodeUsageSample>> ReadAsync(CancellationToken cancellationToken)
    {
        await nodes.FirstRead.WaitAsync(cancellationToken);
        using var deadline = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var asked = nodes.Known.Values.Where(node => node.TakesCalls).Select(node => AskAsync(node, either.Token)).ToList();
        var told = await Task.WhenAll(asked);
        cancellationToken.ThrowIfCancellationRequested();
        return [.. told.OfType<NodeUsageSample>()];
    }

    private async Task<NodeUsageSample?> AskAsync(NodeView node, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Facts.Address, NodeApiRoutes.Use));
            using var answer = await lines.SendAsync(node, request, cancellationToken);
            answer.EnsureSuccessStatusCode();
            await answer.Content.LoadIntoBufferAsync(MaxAnswer, cancellationToken);
            return JsonSerializer.Deserialize(
                await answer.Content.ReadAsByteArrayAsync(cancellationToken), NodeApiJson.Default.NodeUsageSample);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or JsonException or NodeSilentException or IOException or ObjectDisposedException
                or OperationCanceledException)
        {
            Log.NotTold(logger, node.Facts.Name, exception.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5302, LogLevel.Debug, "Node {Node} does not say what it uses: {Reason}")]
        public static partial void NotTold(ILogger logger, string node, string reason);
    }
}
