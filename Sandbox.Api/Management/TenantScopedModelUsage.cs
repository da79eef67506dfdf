using Sandbox.Api.Auth;
using Sandbox.Api.Gateway;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>What models were used for with the keys of the caller's tenant, and for an admin with all keys.</summary>
internal sealed class TenantScopedModelUsage(IModelUsageStore store, ModelUsageCounter counter, CurrentCaller caller)
{
    public async Task<IReadOnlyList<ModelUsageResult>> ReadAsync(CancellationToken cancellationToken)
    {
        // So that the caller sees the requests that it has just made here.
        await counter.WriteAsync(cancellationToken);
        var entries = await store.ListAsync(caller.Value.IsAdmin ? null : caller.Value.Tenant, cancellationToken);
        return
        [
            .. entries.Select(entry =>
                new ModelUsageResult(entry.Key, entry.Model, entry.Requests, entry.PromptTokens, entry.CompletionTokens)
                {
                    Tenant = entry.Tenant,
                }),
        ];
    }
}
