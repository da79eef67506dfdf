using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>Takes a record from one state to another: reads it, lets the caller decide, and writes; when another writer was first it
/// reads and asks again.</summary>
public sealed class TransitionWriter(ISandboxStore records, ITenantStore tenants, IChangeFeed feed, OperatorOptions options)
{
    /// <param name="decide">From the record to its transition, or to why there is none; may be asked several times.</param>
    /// <returns>The record as it is now, or why it is as it was.</returns>
    public async Task<Result<SandboxInstance>> TransitionAsync(
        SandboxId id, Func<SandboxInstance, Result<SandboxTransition>> decide, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < options.Tries; attempt++)
        {
            if (await records.FindAsync(id, cancellationToken) is not { } record)
            {
                // Nothing is known of it, but something may be left of it: the sweep of orphans is woken by this.
                feed.Publish(id);
                return new SandboxError.NotFound(id.ToString());
            }

            if (!decide(record).TryGet(out var transition, out var error))
            {
                return error;
            }

            // Also answers when the store refused the transition for it: then the next look finds the quota reached.
            if (!IsLive(record) && IsLive(transition.Next)
                && await tenants.CheckAsync(record, cancellationToken) is { } refusal)
            {
                return refusal;
            }

            if (transition.IsNothing || await records.TryTransitionAsync(transition, cancellationToken))
            {
                return transition.Next;
            }
        }

        return new SandboxError.ChangedMeanwhile(id);
    }

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;
}
