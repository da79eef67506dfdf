using System.Globalization;
using System.Net;
using System.Text.Json;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>Asks every worker at once what is in effect on it, and how far its clock is from this one.</summary>
internal sealed class ClusterNodeDiagnostics(NodeDirectory nodes, NodeConnectionPool connections, TimeProvider time) : INodeDiagnostics
{
    private const string Name = "node";
    private const int MaxAnswer = 1 << 20;

    /// <summary>More than a node takes for the slowest of its own checks.</summary>
    internal static readonly TimeSpan Within = TimeSpan.FromSeconds(20);

    /// <summary>Signed requests are taken for 30 s: clocks that are further apart than this will soon keep processes apart.</summary>
    private static readonly TimeSpan MostClock = TimeSpan.FromSeconds(15), WorthAWarning = TimeSpan.FromSeconds(2);

    public async Task<IReadOnlyList<NodeDiagnostics>> ReadAsync(CancellationToken cancellationToken)
    {
        await nodes.FirstRead.WaitAsync(cancellationToken);
        using var deadline = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var asked = nodes.Known.Values.Where(node => !node.Left).OrderBy(node => node.Facts.Name, StringComparer.Ordinal)
            .Select(node => AskAsync(node, either.Token)).ToList();
        var told = await Task.WhenAll(asked);
        cancellationToken.ThrowIfCancellationRequested();
        return told;
    }

    private async Task<NodeDiagnostics> AskAsync(NodeView node, CancellationToken cancellationToken)
    {
        if (!node.TakesCalls)
        {
            return Only(node, DiagnosticCheck.Warn(
                Name, node.Load.Leaving ? "it is being ended" : $"{node.StateName}, silent for {node.Silence.TotalSeconds:0} s",
                "start its worker again; what is in effect there is not known"));
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(node.Facts.Address, NodeApiRoutes.Diagnostics));
            using var answer = await connections.SendAsync(node, request, cancellationToken);
            return answer.IsSuccessStatusCode
                ? await ReadAsync(node, answer, cancellationToken)
                : Only(node, Refused(answer));
        }
        catch (Exception exception)
            when (exception is HttpRequestException or JsonException or NodeSilentException or IOException or ObjectDisposedException
                or OperationCanceledException)
        {
            return Only(node, DiagnosticCheck.Fail(
                Name, $"it lives and does not answer this server: {exception.Message}",
                $"see whether this machine reaches {node.Facts.Address} (Worker:Address)"));
        }
    }

    private async Task<NodeDiagnostics> ReadAsync(NodeView node, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await answer.Content.LoadIntoBufferAsync(MaxAnswer, cancellationToken);
        var received = time.GetUtcNow();
        var told = JsonSerializer.Deserialize(
            await answer.Content.ReadAsByteArrayAsync(cancellationToken), NodeApiJson.Default.NodeDiagnostics)
            ?? throw new JsonException("the answer is null");
        return told with
        {
            Node = node.Facts.Name,
            Checks = [Clock(DateTimeOffset.FromUnixTimeMilliseconds(told.AtMilliseconds) - received), .. told.Checks],
        };
    }

    private static DiagnosticCheck Clock(TimeSpan ahead)
    {
        var direction = ahead < TimeSpan.Zero ? "behind" : "before";
        var found = string.Create(CultureInfo.InvariantCulture, $"{ahead.Duration().TotalSeconds:0.0} s {direction} this server's");
        const string advice = "keep the clocks of all machines in step (NTP): requests between processes are good for 30 s";
        return ahead.Duration() > MostClock ? DiagnosticCheck.Fail("clock", found, advice)
            : ahead.Duration() > WorthAWarning ? DiagnosticCheck.Warn("clock", found, advice)
            : DiagnosticCheck.Good("clock", found);
    }

    private static DiagnosticCheck Refused(HttpResponseMessage answer) => answer.StatusCode switch
    {
        HttpStatusCode.NotFound => DiagnosticCheck.Fail(
            Name, "its version does not know this question", "bring all processes of the cluster to one version"),
        HttpStatusCode.Unauthorized => DiagnosticCheck.Fail(
            Name, "it does not accept what this server signs",
            "give all processes the same Cluster:Secret, and clocks that agree within half a minute"),
        var status => DiagnosticCheck.Fail(Name, $"it answered with HTTP status {(int)status}", "look into its worker's log"),
    };

    private static NodeDiagnostics Only(NodeView node, DiagnosticCheck check) => new(node.Facts.Name, node.Facts.Version, 0, [check]);
}
