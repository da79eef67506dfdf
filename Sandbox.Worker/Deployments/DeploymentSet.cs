using Sandbox.Domain.Specs;

namespace Sandbox.Worker.Deployments;

/// <summary>The deployments of this node, by kind.</summary>
internal sealed class DeploymentSet(IEnumerable<IDeployment> deployments)
{
    private readonly Dictionary<DeploymentKind, IDeployment> _byKind = deployments.ToDictionary(deployment => deployment.Kind);

    public IEnumerable<IDeployment> All => _byKind.Values;

    public IDeployment this[DeploymentKind kind] =>
        _byKind.TryGetValue(kind, out var deployment)
            ? deployment
            : throw new InvalidOperationException($"No deployment of kind {kind} is registered on this node.");
}
