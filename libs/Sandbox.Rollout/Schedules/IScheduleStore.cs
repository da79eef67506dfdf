using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Rollout.Schedules;

/// <summary>Where schedules are kept. Each change and its entries in the audit log are one transaction.</summary>
public interface IScheduleStore
{
    /// <summary>All, by their names.</summary>
    Task<IReadOnlyList<Schedule>> SchedulesAsync(CancellationToken cancellationToken);

    /// <summary>Those that are due by then.</summary>
    Task<IReadOnlyList<Schedule>> DueAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Writes a schedule's next version over the one before it; a new one has version 0.</summary>
    /// <returns>False when it has changed meanwhile, or another one has the name.</returns>
    Task<bool> TryWriteAsync(Schedule next, AuditEvent what, CancellationToken cancellationToken);

    /// <summary>Takes a schedule out; what it began goes on.</summary>
    Task<bool> TryRemoveAsync(Guid id, AuditEvent what, CancellationToken cancellationToken);

    /// <summary>Takes a due time: writes the schedule's next version and begins its deployment, or does nothing. Of several processes that
    /// see one due time, one takes it.</summary>
    /// <param name="begun">Null when the time passes without a run.</param>
    Task<bool> TryClaimAsync(Schedule next, Deployment? begun, IReadOnlyList<AuditEvent> what, CancellationToken cancellationToken);
}
