using System.Collections.Concurrent;
using Sandbox.Api.Auth;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tenancy;

/// <summary>Whose a sandbox is, and whether the caller may know of it.</summary>
internal sealed class TenantResolver(ISandboxStore records, CurrentCaller caller, TimeProvider time)
{
    /// <summary>An id changes its owner only after it was deleted and refused for a day; this is far shorter.</summary>
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    private const int Most = 20_000;

    private readonly ConcurrentDictionary<SandboxId, Known> _known = new();

    /// <summary>False: there is no such record, or it is another tenant's. An admin's calls ask no record.</summary>
    public async ValueTask<bool> SeesAsync(SandboxId id, CancellationToken cancellationToken) =>
        caller.Value.IsAdmin || (await OwnerAsync(id, cancellationToken) is { } tenant && caller.Value.Sees(tenant));

    /// <summary>It is another tenant's.</summary>
    public async ValueTask<bool> IsForeignAsync(SandboxId id, CancellationToken cancellationToken) =>
        !caller.Value.IsAdmin && await OwnerAsync(id, cancellationToken) is { } tenant && !caller.Value.Sees(tenant);

    private async ValueTask<string?> OwnerAsync(SandboxId id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out var known) && time.GetElapsedTime(known.At) < KeepFor)
        {
            return known.Tenant;
        }

        var asked = time.GetTimestamp();
        if (await records.FindAsync(id, cancellationToken) is not { Tenant: var tenant })
        {
            return null;
        }

        if (_known.Count >= Most)
        {
            _known.Clear();
        }

        _known[id] = new Known(tenant, asked);
        return tenant;
    }

    private sealed record Known(string Tenant, long At);
}
