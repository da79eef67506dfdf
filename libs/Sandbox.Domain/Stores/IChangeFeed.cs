using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Stores;

/// <summary>Wake-ups. A hint, never the truth: a waiter that is woken reads the record, and every waiter also looks by itself
/// from time to time.</summary>
public interface IChangeFeed
{
    /// <summary>Says that the record of <paramref name="id"/> changed, or that there is a new job.</summary>
    void Publish(SandboxId id);

    /// <summary>Completes at the first change of <paramref name="id"/> after this call (subscribe, then read, then await).</summary>
    ChangeSubscription Subscribe(SandboxId id);

    /// <summary>Completes at the first change of anything after this call.</summary>
    ChangeSubscription SubscribeAll();

    /// <summary>Collects which sandboxes change from now on.</summary>
    ChangeCollector Collect();

    /// <summary>Says that tenants, their quotas or their keys changed.</summary>
    void PublishAccess();

    /// <summary>Completes at the first change of tenants, quotas or keys after this call.</summary>
    ChangeSubscription SubscribeAccess();

    /// <summary>Says that something of a rollout changed: an approval, an execution, a line of its output.</summary>
    void PublishRollouts();

    /// <summary>Completes at the first change of a rollout after this call.</summary>
    ChangeSubscription SubscribeRollouts();
}

/// <summary>One awaited change; dispose it when no longer interested.</summary>
public sealed class ChangeSubscription(Task changed, IDisposable registration) : IDisposable
{
    public Task Changed { get; } = changed;

    public void Dispose() => registration.Dispose();
}
