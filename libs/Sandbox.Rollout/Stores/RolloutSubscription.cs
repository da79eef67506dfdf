namespace Sandbox.Rollout.Stores;

/// <summary>One awaited change of the store; dispose it when no longer interested.</summary>
/// <param name="Changed">Completes at the first change after the subscription was made.</param>
public sealed record RolloutSubscription(Task Changed, IDisposable Registration) : IDisposable
{
    public void Dispose() => Registration.Dispose();
}
