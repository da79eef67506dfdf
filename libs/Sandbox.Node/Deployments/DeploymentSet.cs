using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Deployments;

/// <summary>The deployments of this node, by kind.</summary>
internal sealed class DeploymentSet(
    IEnumerable<IDeployment> deployments, IOptions<WorkerOptions> options, IOptions<SecurityPolicy> security)
{
    private readonly Dictionary<DeploymentKind, IDeployment> _byKind = deployments.ToDictionary(deployment => deployment.Kind);

    /// <summary>Those that can have something of ours here: a node that was told to run local processes only never asks an
    /// engine.</summary>
    public IEnumerable<IDeployment> All =>
        _byKind.Values.Where(deployment => deployment.Kind is not DeploymentKind.Docker || options.Value.AsksEngine);

    /// <summary>What this node runs by its configuration, whether or not it can now.</summary>
    public IReadOnlyList<DeploymentKind> Kinds { get; } =
        [.. deployments.Select(deployment => deployment.Kind).Order()
            .Where(kind => (options.Value.Deployment, kind) is not (("docker", DeploymentKind.Local) or ("local", DeploymentKind.Docker)))];

    /// <summary>Why this node does not start what a record says, by its own policy or because it cannot bind it; null: it does.</summary>
    public SandboxError? WhyForbidden(SandboxSpec spec) => security.Value.WhyForbidden(spec) is { } forbidden ? forbidden
        : spec.Egress is { IsOpen: false } && !this[spec.Deployment].HasEgressLists ? AppliedEgress.NotHere(spec.Deployment)
        : null;

    /// <summary>Why what was started must not stay so, by the same policy; null: it may.</summary>
    public SandboxError? WhyForbidden(StartedSandbox started) => security.Value.WhyForbidden(started.EffectiveDiskBytes);

    public IDeployment this[DeploymentKind kind] =>
        _byKind.TryGetValue(kind, out var deployment)
            ? deployment
            : throw new InvalidOperationException($"No deployment of kind {kind} is registered on this node.");
}
