using Sandbox.Api.Auth;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tenancy;

/// <summary>The records that the caller may know of, and no way to write them. Another tenant's are as if they had never been.</summary>
internal sealed class TenantScopedRecords(ISandboxStore records, ILiveStore live, CurrentCaller caller)
{
    private const string TenantField = "tenant";

    public async Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        await records.FindAsync(id, cancellationToken) is { } record && caller.Value.Sees(record.Tenant) ? record : null;

    /// <summary>When it is stopped if nothing happens, as fresh as it is known.</summary>
    public async Task<DateTimeOffset?> ExpiresAtAsync(SandboxInstance record, CancellationToken cancellationToken) =>
        (await live.FindTimeoutAsync(record.Id, record.Version, cancellationToken))?.ExpiresAt ?? record.IdleDeadline;

    /// <summary>Items and total of the caller's tenant; of all tenants, or of the one that the query names, for an admin.</summary>
    public async Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken)
    {
        if (caller.Value is not { IsAdmin: false, Tenant: var own })
        {
            return await records.ListAsync(query, cancellationToken);
        }

        if (query.Fields.TryGetValue(TenantField, out var asked) && asked != own)
        {
            return new SandboxPage([], 0);
        }

        var fields = new Dictionary<string, string>(query.Fields, StringComparer.Ordinal) { [TenantField] = own };
        return await records.ListAsync(query with { Fields = fields }, cancellationToken);
    }
}
