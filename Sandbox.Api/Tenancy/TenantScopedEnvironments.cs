using Sandbox.Api.Auth;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tenancy;

/// <summary>The environments of the caller's tenant. An admin has those of its own tenant, too: names are a tenant's.</summary>
internal sealed class TenantScopedEnvironments(IEnvironmentStore environments, CurrentCaller caller)
{
    /// <summary>A tenant may have so many.</summary>
    public const int Most = 500;

    /// <summary>Null: the tenant has <see cref="Most"/> others.</summary>
    /// <param name="make">The environment of this tenant.</param>
    public Task<RegisteredEnvironment?> TryPutAsync(Func<string, RegisteredEnvironment> make, CancellationToken cancellationToken) =>
        environments.TryPutAsync(make(caller.Value.Tenant), Most, cancellationToken);

    public Task<RegisteredEnvironment?> FindAsync(string name, CancellationToken cancellationToken) =>
        environments.FindAsync(caller.Value.Tenant, name, cancellationToken);

    public Task<IReadOnlyList<RegisteredEnvironment>> ListAsync(CancellationToken cancellationToken) =>
        environments.ListAsync(caller.Value.Tenant, cancellationToken);

    public Task<bool> TryDeleteAsync(string name, CancellationToken cancellationToken) =>
        environments.TryDeleteAsync(caller.Value.Tenant, name, cancellationToken);
}
