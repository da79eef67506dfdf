using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tenancy;

/// <summary>What the caller's sandboxes may reach. There is none of another tenant's.</summary>
internal sealed class TenantScopedEgress(EgressChanges changes, TenantResolver tenants)
{
    /// <returns>Null when it is in effect, or will be with the next start; else why it is not (yet).</returns>
    public async Task<SandboxError?> ReplaceAsync(SandboxId id, EgressMessage lists, CancellationToken cancellationToken) =>
        await tenants.SeesAsync(id, cancellationToken)
            ? await changes.ReplaceAsync(id, lists.Allow, lists.Deny, cancellationToken)
            : new SandboxError.NotFound(id.ToString());
}
