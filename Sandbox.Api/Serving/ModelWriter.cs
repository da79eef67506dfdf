using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Serving;

/// <summary>Changes records of models: when another writer was first, it reads and changes again.</summary>
internal sealed class ModelWriter(IModelStore models, ModelChanges changes)
{
    private const int Tries = 8;

    /// <inheritdoc cref="IModelStore.TryAddAsync"/>
    public async Task<bool> TryAddAsync(ModelRecord first, CancellationToken cancellationToken)
    {
        var isAdded = await models.TryAddAsync(first, cancellationToken);
        changes.Publish();
        return isAdded;
    }

    /// <param name="change">From the record as it is to what it should be, its version aside; may be asked several times.</param>
    /// <returns>The record as it is then; null when there is none, or others are always first.</returns>
    public async Task<ModelRecord?> ChangeAsync(
        ModelRecord known, Func<ModelRecord, ModelRecord> change, CancellationToken cancellationToken)
    {
        var current = known;
        for (var attempt = 0; attempt < Tries && current is not null; attempt++)
        {
            var next = change(current);
            if (next == current)
            {
                return current;
            }

            next = next with { Version = current.Version + 1 };
            if (await models.TryWriteAsync(next, cancellationToken))
            {
                changes.Publish();
                return next;
            }

            current = await models.FindAsync(known.Tenant, known.Name, cancellationToken);
        }

        return null;
    }
}
