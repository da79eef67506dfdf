using Sandbox.Rollout;
using Sandbox.Rollout.Deployments;
using Sandbox.Rollout.Schedules;
using Sandbox.Rollout.Stores;
using Sandbox.Rollout.Webhooks;

namespace Sandbox.Storage;

/// <summary>All that is kept of rollouts, in one file.</summary>
public sealed record RolloutStoreSet(IRolloutStore Rollouts, RolloutHistoryStores History) : IDisposable
{
    public IDeploymentStore Deployments => History.Deployments;

    public IScheduleStore Schedules => History.Schedules;

    public IWebhookStore Webhooks => History.Webhooks;

    public void Dispose() => Rollouts.Dispose();
}
