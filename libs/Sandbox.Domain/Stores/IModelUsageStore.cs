using Sandbox.Domain.Models;

namespace Sandbox.Domain.Stores;

/// <summary>What models were used for, as a sum for each API key.</summary>
public interface IModelUsageStore
{
    /// <summary>Adds to the sums, all of it or nothing. A batch that was added before adds nothing, so that one whose fate is unknown can
    /// be written again.</summary>
    Task AddAsync(ModelUsageBatch batch, CancellationToken cancellationToken);

    /// <summary>By tenant, key and model.</summary>
    /// <param name="tenant">Null: of all tenants.</param>
    Task<IReadOnlyList<ModelUsageEntry>> ListAsync(string? tenant, CancellationToken cancellationToken);
}
