using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Kubernetes.Watching;

namespace Sandbox.Kubernetes;

/// <summary>What no pod of ours can be is refused when it is asked for, and everything while the cluster does not answer.</summary>
internal sealed class KubernetesPlacement(ClusterView view) : IPlacement
{
    public Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) => Task.FromResult(DeploymentKind.Kubernetes);

    public Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) =>
        Task.FromResult(
            (SandboxError?)Impossible(spec)
            ?? (view.Silence is { } reason ? new SandboxError.NoCapacity($"the Kubernetes API does not answer: {reason}") : null));

    private static SandboxError.Unsupported? Impossible(SandboxSpec spec) => spec.Deployment is DeploymentKind.Kubernetes
        ? PodLimits.WhyImpossible(spec)
        : new SandboxError.Unsupported($"deployment {spec.Deployment}", "this server runs sandboxes as pods only.");
}
