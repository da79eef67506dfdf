using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;

namespace Sandbox.Node.Diagnostics;

/// <summary>Asks every part of this node what is in effect, all at once. A part that fails, or does not answer in time, is a failed check:
/// what it promises cannot be known.</summary>
internal sealed class NodeDiagnosticsCollector(IEnumerable<IDiagnosticSource> sources, NodeIdentity node, TimeProvider time)
    : INodeDiagnostics
{
    internal static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    public async Task<IReadOnlyList<NodeDiagnostics>> ReadAsync(CancellationToken cancellationToken) =>
        [await CollectAsync(cancellationToken)];

    public async Task<NodeDiagnostics> CollectAsync(CancellationToken cancellationToken)
    {
        var checks = await Task.WhenAll(sources.Select(source => AskAsync(source, cancellationToken)));
        var version = typeof(NodeDiagnosticsCollector).Assembly.GetName().Version?.ToString(3) ?? "";

        // Last, because the difference of the clocks is told by when the answer arrives.
        return new NodeDiagnostics(
            node.Name, version, time.GetUtcNow().ToUnixTimeMilliseconds(), [.. checks.SelectMany(one => one)]);
    }

    private async Task<IReadOnlyList<DiagnosticCheck>> AskAsync(IDiagnosticSource source, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            return await source.CheckAsync(either.Token).WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [Unknown(source, $"did not answer within {Within.TotalSeconds:0} s")];
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            return [Unknown(source, exception.Message)];
        }
    }

    private static DiagnosticCheck Unknown(IDiagnosticSource source, string reason) => DiagnosticCheck.Fail(
        source.Subject.Replace(' ', '_'), $"what is in effect of the {source.Subject} is not known: {reason}",
        "look into the log of this node's worker, and ask again");
}
