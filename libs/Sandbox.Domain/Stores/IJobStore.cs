using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Stores;

/// <summary>Jobs are claimed under a lease and are effective once: each write about a claimed job carries its attempt
/// number and is refused (false) when another attempt has begun since.</summary>
public interface IJobStore
{
    /// <summary>Claims jobs for a node. At most one job per sandbox is ever claimed at a time, and only the oldest of a
    /// sandbox. Jobs about a container that exists go to its node only; starts go to any node that they fit, the
    /// tenants in rotation so that a busy one never keeps another waiting, each tenant's oldest first. A start that
    /// waits longer than <see cref="JobClaim.AgeLimit"/> and does not fit yet keeps smaller, younger ones from taking
    /// the capacity that it waits for. Each job claimed has a slot of its class in <see cref="JobClaim.Slots"/>; one that has none keeps
    /// no other from being claimed.</summary>
    Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim claim, CancellationToken cancellationToken);

    /// <summary>Claims for <paramref name="claimant"/> what waits for a node that does not come for it: it was not heard of for
    /// <paramref name="silence"/>, or the store does not know it. Of each sandbox the oldest. By the store's own clock, so that every
    /// claimant is told the same.</summary>
    Task<IReadOnlyList<StrandedJob>> ClaimStrandedAsync(
        string claimant, TimeSpan silence, TimeSpan lease, int limit, CancellationToken cancellationToken);

    /// <summary>Prolongs the lease; false: it was lost and the holder stops acting.</summary>
    Task<bool> TryRenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>The job is done (or is about a version that no longer matters) and its row goes away.</summary>
    Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken);

    /// <summary>Gives the job back, to be claimed again after <paramref name="delay"/>.</summary>
    Task<bool> TryReleaseAsync(ClaimedJob job, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>The job is given up: it becomes a dead letter with its reason.</summary>
    Task<bool> TryDeadLetterAsync(ClaimedJob job, string reason, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken);

    /// <summary>Makes a dead letter a job again, its attempts counted from 0. False: there is none with this id.</summary>
    Task<bool> TryRedriveAsync(long id, CancellationToken cancellationToken);

    /// <summary>When the next job that is not claimable now becomes so (a delay or a lease ends); null: none.</summary>
    Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken);

    /// <summary>Whether a job about this sandbox, and about <paramref name="upToVersion"/> or an earlier version of it, still
    /// waits or runs.</summary>
    Task<bool> HasOpenAsync(SandboxId id, long upToVersion, CancellationToken cancellationToken);

    /// <summary>At start of the only process on a data folder: every claim of an earlier life is void.</summary>
    Task ReleaseAllOfAsync(string node, CancellationToken cancellationToken);
}

/// <param name="Attempt">From 1, grows by one with each claim.</param>
public sealed record ClaimedJob(long Id, SandboxJob Job, int Attempt)
{
    /// <summary>Whose slots it takes.</summary>
    public string Tenant { get; init; } = SandboxInstance.DefaultTenant;
}

/// <param name="Node">The one that has the container, and does not come for the job.</param>
public sealed record StrandedJob(ClaimedJob Claimed, string Node);

/// <summary>What a node asks for.</summary>
/// <param name="Node">The name that records and jobs know it by.</param>
/// <param name="Limit">At most so many jobs.</param>
/// <param name="Lease">How long they are its own without renewal.</param>
public sealed record JobClaim(string Node, int Limit, TimeSpan Lease)
{
    /// <summary>A start that waited for so long goes before younger ones that would take its capacity.</summary>
    public static readonly TimeSpan AgeLimit = TimeSpan.FromSeconds(30);

    /// <summary>The node's lease; nothing is claimed when it is not current. Null where there is only one node,
    /// which has every container, under whatever name it had then.</summary>
    public Fence? Fence { get; init; }

    /// <summary>What new sandboxes may take together; zero: none is claimed (the node drains).</summary>
    public NodeCapacity FreeCapacity { get; init; } = NodeCapacity.Unlimited;

    /// <summary>What the node has when nothing runs on it: a start that is too large even for that keeps nothing free
    /// here.</summary>
    public NodeCapacity Capacity { get; init; } = NodeCapacity.Unlimited;

    /// <summary>The slots that the node's jobs hold, and those that it has for more. Default: enough for everything.</summary>
    public JobSlots Slots { get; init; } = new(1_000_000);

    /// <summary>Starts are claimed at all.</summary>
    public bool TakesStarts { get; init; } = true;

    /// <summary>Labels of the node; a start that demands some is claimed only by a node that has them all.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>What the node runs: a job about a sandbox of any other kind is not its to claim, whichever node has or had it.</summary>
    public IReadOnlyCollection<DeploymentKind> Deployments { get; init; } = Enum.GetValues<DeploymentKind>();

    /// <summary>Images that the node has already: among equals their starts are preferred.</summary>
    public IReadOnlyCollection<string> Images { get; init; } = [];
}

/// <param name="Job">Null: it could not be read.</param>
/// <param name="Attempts">How often it was tried.</param>
public sealed record DeadLetter(long Id, SandboxId SandboxId, SandboxJob? Job, int Attempts, string Reason, DateTimeOffset At);
