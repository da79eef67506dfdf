using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Stores;

/// <param name="HasMissedSome">Others may have changed, too: read all that matters again.</param>
public sealed record CollectedChanges(IReadOnlySet<SandboxId> Ids, bool HasMissedSome);
