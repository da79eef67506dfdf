using Sandbox.Rollout.Audit;

namespace Sandbox.Rollout.Deployments;

/// <summary>Where deployments are kept. Each change and its entry in the audit log are one transaction.</summary>
public interface IDeploymentStore
{
    /// <summary>Writes a deployment's next version over the one before it; a new one has version 0.</summary>
    /// <returns>False when it has changed meanwhile: read it again.</returns>
    Task<bool> TryWriteAsync(Deployment next, AuditEvent? what, CancellationToken cancellationToken);

    Task<Deployment?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Those that have not ended, the oldest first.</summary>
    Task<IReadOnlyList<Deployment>> ActiveAsync(CancellationToken cancellationToken);

    /// <summary>A page of the history, the newest first.</summary>
    Task<DeploymentPage> PageAsync(DeploymentFilter filter, CancellationToken cancellationToken);
}
