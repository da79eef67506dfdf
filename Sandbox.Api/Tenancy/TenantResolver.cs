using Sandbox.Api.Auth;
using Sandbox.Api.Caching;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Tenancy;

/// <summary>Whose a sandbox is, and whether the caller may know of it. What is kept in memory is good enough: an id changes its owner
/// only after it was deleted and refused for a day.</summary>
internal sealed class TenantResolver(SandboxRecordCache sandboxes, CurrentCaller caller)
{
    /// <summary>False: there is no such record, or it is another tenant's. An admin's calls ask no record.</summary>
    public async ValueTask<bool> SeesAsync(SandboxId id, CancellationToken cancellationToken) =>
        caller.Value.IsAdmin || (await OwnerAsync(id, cancellationToken) is { } tenant && caller.Value.Sees(tenant));

    /// <summary>It is another tenant's.</summary>
    public async ValueTask<bool> IsForeignAsync(SandboxId id, CancellationToken cancellationToken) =>
        !caller.Value.IsAdmin && await OwnerAsync(id, cancellationToken) is { } tenant && !caller.Value.Sees(tenant);

    private async ValueTask<string?> OwnerAsync(SandboxId id, CancellationToken cancellationToken) =>
        (sandboxes.Find(id) ?? await sandboxes.LookUpAsync(id, cancellationToken))?.Tenant;
}
