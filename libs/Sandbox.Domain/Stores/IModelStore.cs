using Sandbox.Domain.Models;

namespace Sandbox.Domain.Stores;

/// <summary>The models that are to be served.</summary>
public interface IModelStore
{
    /// <summary>All of all tenants, by tenant and name.</summary>
    Task<IReadOnlyList<ModelRecord>> ListAsync(CancellationToken cancellationToken);

    Task<ModelRecord?> FindAsync(string tenant, string name, CancellationToken cancellationToken);

    /// <summary>Writes the first record of a model; false: its tenant has one of that name.</summary>
    Task<bool> TryAddAsync(ModelRecord first, CancellationToken cancellationToken);

    /// <summary>Replaces the record of the version before, all but its configuration; false: another writer was first, or it is
    /// gone.</summary>
    Task<bool> TryWriteAsync(ModelRecord next, CancellationToken cancellationToken);

    /// <summary>Removes the record; false: it has another version, or is gone.</summary>
    Task<bool> TryRemoveAsync(ModelRecord last, CancellationToken cancellationToken);

    /// <summary>Notes that a model was used. An earlier moment than the one that is known changes nothing, and the version does not
    /// grow.</summary>
    Task TouchAsync(string tenant, string name, DateTimeOffset usedAt, CancellationToken cancellationToken);
}
