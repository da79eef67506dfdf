using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Jobs;

/// <summary>What a job takes of a node, and what it asks of it.</summary>
/// <param name="Reach">Which nodes may do it.</param>
internal sealed record JobDemand(JobReach Reach, NodeCapacity Capacity, IReadOnlyDictionary<string, string> Labels, string Image)
{
    /// <summary><c>node_label.zone = a</c> in the extended parameters of a sandbox: only nodes with the label zone=a.</summary>
    public const string LabelPrefix = "node_label.";

    /// <summary>A demand of such a name in the extended parameters is overwritten.</summary>
    private const string KindPrefix = "deployment:";

    private static readonly NodeCapacity Nothing = new(0, 0, 0, 0);

    private static readonly Dictionary<string, string> NoLabels = [];

    public bool IsStart => Reach is JobReach.FittingNode;

    public bool IsAnywhere => Reach is JobReach.AnyNode;

    public static JobDemand Of(SandboxJob job, SandboxSpec spec) => new(
        job.Reach,
        // A restart is done where its container is, and takes its capacity there whether there is any or not.
        job.Reach is JobReach.FittingNode || job is RestartSandboxJob ? NodeCapacity.DemandOf(spec) : Nothing,
        job.Reach is JobReach.AnyNode ? NoLabels : LabelsOf(job, spec),
        spec.Image);

    /// <summary>What a node offers to such demands.</summary>
    public static Dictionary<string, string> Offer(JobClaim claim)
    {
        var offer = new Dictionary<string, string>(claim.Labels, StringComparer.Ordinal);
        foreach (var kind in claim.Deployments)
        {
            offer[NameOf(kind)] = "";
        }

        return offer;
    }

    /// <summary>The kind of deployment for all that is done to a container, and what a start demands beside it.</summary>
    private static Dictionary<string, string> LabelsOf(SandboxJob job, SandboxSpec spec)
    {
        var labels = job.Reach is JobReach.FittingNode
            ? spec.ExtendedParams
                .Where(param => param.Key.StartsWith(LabelPrefix, StringComparison.Ordinal))
                .ToDictionary(param => param.Key[LabelPrefix.Length..], param => param.Value, StringComparer.Ordinal)
            : [];
        labels[NameOf(spec.Deployment)] = "";
        return labels;
    }

    private static string NameOf(DeploymentKind kind) => $"{KindPrefix}{kind}";
}
