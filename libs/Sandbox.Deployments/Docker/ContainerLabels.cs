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

    public const string Tenant = "sandbox.aspire/tenant";

    /// <summary>The epoch of the node's lease under which it was made; empty where one process is the whole cluster and needs
    /// none.</summary>
    public const string Epoch = "sandbox.aspire/epoch";

    /// <summary>Name of the image that is to go with the container; empty: none is.</summary>
    public const string RemoveImage = "sandbox.aspire/remove-image";

    /// <summary>The GPUs that it has, separated by spaces; empty: none.</summary>
    public const string Gpus = "sandbox.aspire/gpus";

    /// <summary>A container inherits the labels of its image: what an image may not say of it, it says itself. The last three are
    /// read by those who bring up a cluster of containers.</summary>
    private static readonly string[] NeverInherited =
        [Epoch, RemoveImage, Gpus, "sandbox.aspire/compose-project", "sandbox.aspire/compose-service", "com.docker.compose.project"];

    /// <summary>All of ours, that an image made of one of our containers is not to have.</summary>
    public static IEnumerable<string> All => [Cluster, Sandbox, Incarnation, Node, Tenant, .. NeverInherited];

    public static Dictionary<string, string> Of(SandboxInstance sandbox, WorkerOptions worker, long? epoch, IReadOnlyList<string> gpus)
    {
        var labels = new Dictionary<string, string>(NeverInherited.Select(label => KeyValuePair.Create(label, "")))
        {
            [Cluster] = worker.ClusterId,
            [Sandbox] = sandbox.Id.ToString(),
            [Incarnation] = sandbox.Incarnation.ToString(),
            [Node] = worker.NodeName,
            [Tenant] = sandbox.Tenant,
            [Gpus] = string.Join(' ', gpus),
        };
        if (epoch is { } known)
        {
            labels[Epoch] = known.ToString(CultureInfo.InvariantCulture);
        }

        if (sandbox.Spec.RemoveImage)
        {
            labels[RemoveImage] = sandbox.Spec.Image;
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

    /// <summary>The name of the image that is to go with the container, and whose it is.</summary>
    public static bool TryReadRemoval(
        IDictionary<string, string>? labels, [NotNullWhen(true)] out string? image, [NotNullWhen(true)] out string? tenant)
    {
        (image, tenant) = (null, null);
        return labels is not null && Has(labels, RemoveImage, out image) && image.Length > 0 && Has(labels, Tenant, out tenant);
    }

    /// <summary>The GPUs of a container that runs or is about to.</summary>
    public static IReadOnlyList<string> GpusOf(IDictionary<string, string>? labels) =>
        labels is not null && Has(labels, Gpus, out var text) ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];

    private static bool Has(IDictionary<string, string> labels, string name, [NotNullWhen(true)] out string? value) =>
        labels.TryGetValue(name, out value);
}
