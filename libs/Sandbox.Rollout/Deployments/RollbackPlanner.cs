using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Deployments;

/// <summary>
/// Finds the rollout to go back to. Going back is running its playbooks with its inventory again, each checkpoint with its plan and
/// its consents as in any rollout. It brings back nothing that was removed, and takes back nothing that those playbooks do not set.
/// </summary>
public sealed class RollbackPlanner(IDeploymentStore store, TimeProvider time)
{
    /// <summary>The last rollout before the newest one that was complete, and whose files were kept; null when there is none.</summary>
    public async Task<Deployment?> TargetAsync(CancellationToken cancellationToken)
    {
        var newest = await store.PageAsync(new DeploymentFilter { IsWhole = true, Limit = 1 }, cancellationToken);
        var filter = new DeploymentFilter { IsWhole = true, State = DeploymentState.Completed };
        while (true)
        {
            var page = await store.PageAsync(filter, cancellationToken);
            if (page.Items.FirstOrDefault(found => found.Bundle is not null && found.Id != newest.Items[0].Id) is { } target)
            {
                return target;
            }

            if (page.Next is null)
            {
                return null;
            }

            filter = filter with { After = page.Next };
        }
    }

    /// <summary>A deployment that goes back to an earlier one.</summary>
    /// <param name="target">A complete rollout whose files were kept.</param>
    /// <param name="first">The first checkpoint that is run again; those before it stay as they are.</param>
    public Deployment Of(Deployment target, Checkpoint first, string by) => target is
    {
        State: DeploymentState.Completed, Bundle: { } bundle,
    }
        ? new Deployment(Guid.NewGuid(), by, time.GetUtcNow())
        {
            Steps = Deployment.WholeFrom(first),
            RollbackOf = target.Id,
            Bundle = bundle,
        }
        : throw new ArgumentException("Only a complete rollout whose files were kept can be gone back to.", nameof(target));
}
