using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>Sets anew when a running sandbox that has a fixed timeout is stopped.</summary>
public sealed class TimeoutChanges(ISandboxStore records, OperatorOptions options, TimeProvider time)
{
    /// <summary>The sandbox is stopped when this time is over, counted from now. Errors: <see cref="SandboxError.NotFound"/> for what does
    /// not run, or whose time is over already; <see cref="SandboxError.Unsupported"/> for a sandbox that is stopped when it is
    /// idle.</summary>
    public Task<Result<SandboxInstance>> SetAsync(SandboxId id, TimeSpan timeout, CancellationToken cancellationToken) =>
        ChangeAsync(
            id,
            (record, now) => record.Spec.HasFixedTimeout ? record with { IdleDeadline = now + timeout }
                : new SandboxError.Unsupported(
                    "a timeout", $"sandbox {id} was made with a time of idleness, after which it is stopped instead"),
            cancellationToken);

    /// <summary>The same, where that is later than it would be stopped anyway; a sandbox that is stopped when it is idle stays as it
    /// is.</summary>
    public Task<Result<SandboxInstance>> ExtendAsync(SandboxId id, TimeSpan timeout, CancellationToken cancellationToken) =>
        ChangeAsync(
            id,
            (record, now) => record.Spec.HasFixedTimeout && record.IdleDeadline < now + timeout
                ? record with { IdleDeadline = now + timeout } : record,
            cancellationToken);

    private async Task<Result<SandboxInstance>> ChangeAsync(
        SandboxId id, Func<SandboxInstance, DateTimeOffset, Result<SandboxInstance>> change, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < options.Tries; attempt++)
        {
            var now = time.GetUtcNow();

            // What is due is stopped, whether that is written down already or not.
            if (await records.FindAsync(id, cancellationToken) is not { State: SandboxState.Running } record || record.IdleDeadline <= now)
            {
                return new SandboxError.NotFound(id.ToString());
            }

            if (!change(record, now).TryGet(out var next, out var error))
            {
                return error;
            }

            if (ReferenceEquals(next, record) || await records.TryUpdateFactsAsync(next, cancellationToken))
            {
                return next;
            }
        }

        return new SandboxError.ChangedMeanwhile(id);
    }
}
