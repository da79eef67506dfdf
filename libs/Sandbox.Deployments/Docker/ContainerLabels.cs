using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// What every container of ours says about itself, so that a sweep can find it and nobody else's is touched. Anybody who can
/// see the engine can read labels: never put environment or credentials here.
/// </summary>
internal static class ContainerLabels
{
    public const string Cluster = "sandbox.aspire/cluster";
    public const string Sandbox = "sandbox.aspire/sandbox";
    public const string Incarnation = "sandbox.aspire/incarnation";
    public const string Node = "sandbox.aspire/node";

    /// <summary>The epoch of the node's lease under which it was made; absent where one process is the whole cluster and needs
    /// none.</summary>
    public const string Epoch = "sandbox.aspire/epoch";

    /// <summary>Present when the image is to go with the container.</summary>
    public const string RemoveImage = "sandbox.aspire/remove-image";

    public static Dictionary<string, string> Of(SandboxInstance sandbox, WorkerOptions worker, long? epoch)
    {
        var labels = new Dictionary<string, string>
        {
            [Cluster] = worker.ClusterId,
            [Sandbox] = sandbox.Id.ToString(),
            [Incarnation] = sandbox.Incarnation.ToString(),
            [Node] = worker.NodeName,
        };
        if (epoch is { } known)
        {
            labels[Epoch] = known.ToString(CultureInfo.InvariantCulture);
        }

        if (sandbox.Spec.RemoveImage)
        {
            labels[RemoveImage] = "true";
        }

        return labels;
    }

    /// <summary>Reads them back; false for a container that is not this cluster's or does not say whose it is.</summary>
    public static bool TryRead(
        IDictionary<string, string>? labels, string cluster, out IncarnationId incarnation, out SandboxId sandbox)
    {
        (incarnation, sandbox) = (default, default);
        return labels is not null
            && Has(labels, Cluster, out var of) && of == cluster
            && Has(labels, Incarnation, out var life) && IncarnationId.TryParse(life, null, out incarnation)
            && Has(labels, Sandbox, out var id) && SandboxId.TryParse(id, null, out sandbox);
    }

    /// <summary>Whether this node made it: several nodes of a cluster may share an engine.</summary>
    public static bool AreOfNode(IDictionary<string, string>? labels, WorkerOptions worker) =>
        worker.IsOnlyNode || (labels is not null && Has(labels, Node, out var node) && node == worker.NodeName);

    private static bool Has(IDictionary<string, string> labels, string name, [NotNullWhen(true)] out string? value) =>
        labels.TryGetValue(name, out value);
}
