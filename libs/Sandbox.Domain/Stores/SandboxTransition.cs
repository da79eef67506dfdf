using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Stores;

/// <summary>A decided change of a record together with the job it causes: exactly what the store's one writing method
/// takes.</summary>
/// <param name="From">The record as it was read.</param>
/// <param name="Next">What it becomes.</param>
/// <param name="Job">Null: nothing has to be done to the container.</param>
public sealed record SandboxTransition(SandboxInstance From, SandboxInstance Next, SandboxJob? Job)
{
    /// <summary>The fence of the lease under which it is written; null: none is needed.</summary>
    public Fence? Fence { get; init; }

    /// <summary>The claim of the job that it comes of: it is refused when that is void. Null: it comes of none.</summary>
    public ClaimedJob? Claim { get; init; }

    /// <summary>It already is what was asked for; there is nothing to write.</summary>
    public bool IsNothing => ReferenceEquals(From, Next);
}
