using System.Collections.Concurrent;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Serving;

/// <summary>When models were used, as this process has seen it. Written now and then, so that a request costs no write.</summary>
internal sealed class ModelUsage(IModelStore models, TimeProvider time)
{
    private static readonly TimeSpan LongestStep = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(string Tenant, string ServedName), DateTimeOffset> _used = new();

    public void Touch(string tenant, string servedName) => _used[(tenant, servedName)] = time.GetUtcNow();

    /// <summary>Writes what is so much newer than what is known that an idle end could come too early.</summary>
    public async Task FlushAsync(IReadOnlyList<ModelRecord> known, CancellationToken cancellationToken)
    {
        foreach (var model in known)
        {
            if (model.IdleTimeout is { } idle && _used.TryGetValue((model.Tenant, model.ServedName), out var used)
                && used - model.UsedAt >= (idle / 4 < LongestStep ? idle / 4 : LongestStep))
            {
                await models.TouchAsync(model.Tenant, model.Name, used, cancellationToken);
            }
        }

        foreach (var key in _used.Keys.Except(known.Select(model => (model.Tenant, model.ServedName))))
        {
            _used.TryRemove(key, out _);
        }
    }
}
