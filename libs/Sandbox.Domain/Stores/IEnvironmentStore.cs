namespace Sandbox.Domain.Stores;

/// <summary>The environments that tenants have registered.</summary>
public interface IEnvironmentStore
{
    /// <summary>Writes an environment, or replaces the one of its name, whose time of creation stays.</summary>
    /// <param name="limit">How many environments a tenant may have. Two writes at the same moment may both pass it.</param>
    /// <returns>As it is kept; null: the tenant has so many others.</returns>
    Task<RegisteredEnvironment?> TryPutAsync(RegisteredEnvironment environment, int limit, CancellationToken cancellationToken);

    Task<RegisteredEnvironment?> FindAsync(string tenant, string name, CancellationToken cancellationToken);

    /// <summary>All of a tenant, by name.</summary>
    Task<IReadOnlyList<RegisteredEnvironment>> ListAsync(string tenant, CancellationToken cancellationToken);

    /// <summary>False: there is none of that name.</summary>
    Task<bool> TryDeleteAsync(string tenant, string name, CancellationToken cancellationToken);
}
