using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Kubernetes;

/// <summary>
/// Sandboxes as pods. Records and jobs are written as everywhere; the head claims the jobs and makes the cluster match. Where the pod
/// comes from is decided before anything is written and stands in the spec snapshot.
/// </summary>
internal sealed class KubernetesOperator(ClusterOperator jobs, PodChoice choice) : ISandboxOperator
{
    public async Task<Result<SandboxInstance>> SubmitAsync(
        SandboxInstance prepared, string? registryPassword, CancellationToken cancellationToken) =>
        choice.Decide(prepared.Spec).TryGet(out var spec, out var error)
            ? await jobs.SubmitAsync(prepared with { Spec = spec }, registryPassword, cancellationToken)
            : error;

    public Task<Result<SandboxInstance>> StopAsync(SandboxId id, StopReason reason, CancellationToken cancellationToken) =>
        jobs.StopAsync(id, reason, cancellationToken);

    public Task<Result<SandboxInstance>> RestartAsync(SandboxId id, CancellationToken cancellationToken) =>
        jobs.RestartAsync(id, cancellationToken);

    public Task<Result<SandboxInstance>> DeleteAsync(SandboxId id, CancellationToken cancellationToken) =>
        jobs.DeleteAsync(id, cancellationToken);

    public Task<Result<SandboxInstance>> WaitUntilAliveAsync(SandboxId id, CancellationToken cancellationToken) =>
        jobs.WaitUntilAliveAsync(id, cancellationToken);
}
