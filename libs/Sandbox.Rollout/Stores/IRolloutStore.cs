using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Stores;

/// <summary>Where rollouts are kept. Each change and its entry in the audit log are one transaction.</summary>
public interface IRolloutStore : IDisposable
{
    /// <summary>All requests for a consent, the newest first.</summary>
    Task<IReadOnlyList<Approval>> ApprovalsAsync(CancellationToken cancellationToken);

    Task<Approval?> FindApprovalAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Writes an approval's next version over the one before it; a new one has version 0.</summary>
    /// <returns>False when it has moved meanwhile: read it again.</returns>
    Task<bool> TryWriteAsync(Approval next, AuditEvent what, CancellationToken cancellationToken);

    /// <summary>Begins a run: writes it down, uses up its consent, and takes the checkpoint's last records out, or does nothing.</summary>
    /// <param name="consumed">The approval after <see cref="Approval.Consume"/>; null when the checkpoint needs none.</param>
    /// <returns>Null when it has begun.</returns>
    Task<BeginRefusal?> TryBeginAsync(Execution begun, Approval? consumed, AuditEvent what, CancellationToken cancellationToken);

    /// <summary>Writes a run's next version over the one before it.</summary>
    /// <returns>False when it has moved meanwhile: read it again.</returns>
    Task<bool> TryUpdateAsync(Execution next, AuditEvent? what, CancellationToken cancellationToken);

    /// <summary>Writes the end of a run over the version before it, and its records with it.</summary>
    /// <returns>False when it has moved meanwhile: read it again.</returns>
    Task<bool> TryEndAsync(
        Execution ended, IReadOnlyList<CheckpointRecord> records, AuditEvent what, CancellationToken cancellationToken);

    Task<Execution?> FindExecutionAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Those that have not ended.</summary>
    Task<IReadOnlyList<Execution>> ActiveExecutionsAsync(CancellationToken cancellationToken);

    Task<ExecutionPage> ExecutionsAsync(ExecutionQuery query, CancellationToken cancellationToken);

    /// <summary>The newest runs, the newest first.</summary>
    async Task<IReadOnlyList<Execution>> ExecutionsAsync(int limit, CancellationToken cancellationToken) =>
        (await ExecutionsAsync(new ExecutionQuery { Limit = limit }, cancellationToken)).Executions;

    /// <summary>Keeps lines of a run's output. A line that is there already stays as it is.</summary>
    Task AppendOutputAsync(Guid execution, IReadOnlyList<OutputLine> lines, CancellationToken cancellationToken);

    /// <param name="after">The number of the last line that the reader has; 0 for all.</param>
    Task<IReadOnlyList<OutputLine>> OutputAsync(Guid execution, long after, int limit, CancellationToken cancellationToken);

    Task WriteRecordsAsync(IReadOnlyList<CheckpointRecord> records, CancellationToken cancellationToken);

    Task<IReadOnlyList<CheckpointRecord>> RecordsAsync(CancellationToken cancellationToken);

    /// <summary>Takes out all records and all consents that are not used, for a start afresh. Runs and the audit log stay.</summary>
    Task ResetAsync(AuditEvent what, CancellationToken cancellationToken);

    /// <param name="after">The number of the last entry that the reader has; 0 for all.</param>
    Task<IReadOnlyList<AuditEntry>> AuditAsync(long after, int limit, CancellationToken cancellationToken);

    /// <summary>Notes that a host of runs lives.</summary>
    /// <param name="host">As <see cref="Execution.Host"/> names it.</param>
    Task TouchHostAsync(string host, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>When each host of runs was last heard of.</summary>
    Task<IReadOnlyDictionary<string, DateTimeOffset>> HostsAsync(CancellationToken cancellationToken);

    /// <summary>A wake-up at the next change of anything here: subscribe, then read, then await. It is a hint: changes of other
    /// processes may be told late or not at all, so a reader also looks by itself from time to time.</summary>
    RolloutSubscription Subscribe();
}
