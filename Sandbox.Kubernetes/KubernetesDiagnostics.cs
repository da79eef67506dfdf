using Sandbox.Contracts.Cluster;
using Sandbox.Kubernetes.Watching;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Kubernetes;

/// <summary>What is in effect of sandboxes that are pods, as far as this node can see it.</summary>
internal sealed class KubernetesDiagnostics(ClusterView view) : IDiagnosticSource
{
    public string Subject => "Kubernetes API";

    public async Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken)
    {
        await view.FirstAnswer.WaitAsync(cancellationToken);
        return
        [
            view.Silence is { } reason
                ? DiagnosticCheck.Fail("kubernetes", $"its API does not answer: {reason}", "see whether this node's account reaches it")
                : DiagnosticCheck.Good("kubernetes", "its API answers"),
            DiagnosticCheck.Warn(
                "network", "the network policies of the Kubernetes cluster decide, and are not seen from here",
                "have a network plug-in that enforces them, and install the chart's (docs/kubernetes.md)"),
        ];
    }
}
