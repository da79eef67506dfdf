using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Stores;

/// <summary>
/// The truth about sandboxes. Every implementation passes the same contract tests. A state and the job it causes are
/// written in one transaction: both or neither.
/// </summary>
public interface ISandboxStore
{
    /// <summary>How long the id of a deleted sandbox stays refused.</summary>
    static readonly TimeSpan TombstoneFor = TimeSpan.FromHours(24);

    /// <summary>How long the tombstone of a deleted sandbox, which carries its id's version, is kept.</summary>
    static readonly TimeSpan TombstoneKept = TimeSpan.FromDays(30);

    /// <summary>Writes the first record of an id together with its start job. An id that is in use, or that was deleted
    /// less than 24 hours ago, is refused with <see cref="SandboxError.IdInUse"/>, what is over its tenant's quota with
    /// <see cref="SandboxError.QuotaExceeded"/>, and nothing is written. A tombstone
    /// older than that is replaced, its version carried on; the returned record has the version that was written
    /// (and the job's version is set to it).</summary>
    Task<Result<SandboxInstance>> TryCreateAsync(SandboxInstance first, SandboxJob job, CancellationToken cancellationToken);

    /// <summary>The record, tombstones included; null when the id was never used.</summary>
    Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>THE one method that writes state: replaces the record if version and incarnation are still those of
    /// <see cref="SandboxTransition.From"/> (an id whose tombstone is forgotten begins at version 1 again), and adds the job in the same
    /// transaction. False when another writer was first, or when
    /// the transition's fence is not current any more or its claim is void, or when the sandbox would come to live over its tenant's
    /// quota; then nothing is written. Facts that were updated since the record was read and that the transition does not change are
    /// kept (<see cref="FactMerge"/>).</summary>
    Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken);

    /// <summary>Writes facts that are not state (phases, host, idle deadline) if version, state and incarnation are still
    /// <paramref name="next"/>'s. The version does not grow.</summary>
    Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken);

    /// <summary>Writes what a sandbox may reach (<see cref="Specs.SandboxSpec.Egress"/>), and nothing else, if version, state and
    /// incarnation are still <paramref name="next"/>'s and what was written before has the revision before its. The version does not
    /// grow.</summary>
    Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken);

    /// <summary>Newest first. Tombstones appear only where <see cref="SandboxQuery.DeletedSince"/> asks for them.</summary>
    Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken);

    /// <summary>Records with a deadline (idle, transient, automatic transition) that is due at <paramref name="now"/>,
    /// most overdue first.</summary>
    Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);

    /// <summary>Forgets at most <paramref name="limit"/> tombstones that are older than <see cref="TombstoneKept"/>; how many
    /// it were.</summary>
    Task<int> PurgeAsync(int limit, CancellationToken cancellationToken);
}

/// <param name="States">Only these states; empty: all but deleted.</param>
/// <param name="Fields">Exact matches on user_id, experiment_id, namespace, image, state, tenant, host_name, host_ip or sandbox_id; any
/// other name matches nothing.</param>
/// <param name="Page">From 1.</param>
public sealed record SandboxQuery(
    IReadOnlyList<SandboxState> States, IReadOnlyDictionary<string, string> Fields, int Page = 1, int PageSize = 500)
{
    /// <summary>Instead of what is there, the tombstones of what was deleted at this time or later, those deleted last first; the states
    /// do not count then.</summary>
    public DateTimeOffset? DeletedSince { get; init; }

    /// <summary>Of these only; null: of all.</summary>
    public IReadOnlyList<SandboxId>? Ids { get; init; }

    /// <summary>The records come without what only a start or a restart needs and what may be large: of the specification there is what is
    /// shown of a sandbox (image, resources, metadata), and no snapshot of the live entry. Such a record is to be shown, not to be
    /// written.</summary>
    public bool IsBrief { get; init; }
}

/// <param name="Total">How many match over all pages.</param>
public sealed record SandboxPage(IReadOnlyList<SandboxInstance> Items, long Total);
