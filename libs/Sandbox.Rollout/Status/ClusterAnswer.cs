namespace Sandbox.Rollout.Status;

/// <summary>What a cluster said when it was asked just now.</summary>
/// <param name="IsHeadOnline">Its head answered.</param>
/// <param name="Nodes">Whether each node lives, by name. A machine that is to be a node and is not known to the head is in it, too.</param>
public sealed record ClusterAnswer(bool IsHeadOnline, IReadOnlyDictionary<string, bool> Nodes)
{
    /// <summary>Null: nobody counted; the last final validation tells.</summary>
    public ContainerCount? Containers { get; init; }

    /// <summary>Null: nobody asked them; the last final validation tells.</summary>
    public EndpointCount? Endpoints { get; init; }
}
