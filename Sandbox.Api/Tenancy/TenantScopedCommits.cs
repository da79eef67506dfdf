using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tenancy;

/// <summary>The commits of the caller's sandboxes, to read.</summary>
internal sealed class TenantScopedCommits(ICommitStore commits, TenantResolver tenants)
{
    public async Task<SandboxCommit?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        await tenants.SeesAsync(id, cancellationToken) ? await commits.FindAsync(id, cancellationToken) : null;
}
