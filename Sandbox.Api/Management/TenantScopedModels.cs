using Sandbox.Api.Auth;
using Sandbox.Api.Serving;
using Sandbox.Domain.Models;

namespace Sandbox.Api.Management;

/// <summary>The models of the caller's tenant, and those of all for an admin. Another tenant's are as if they had never been.</summary>
internal sealed class TenantScopedModels(ServedModels models, EngineLogs logs, CurrentCaller caller)
{
    private static readonly TimeSpan StopWait = TimeSpan.FromSeconds(30);

    /// <summary>What the caller makes is its tenant's, whatever the order says.</summary>
    public Task<ModelStartResult> StartAsync(ModelOrder order, CancellationToken cancellationToken) =>
        models.StartAsync(order with { Tenant = caller.Value.Tenant }, cancellationToken);

    public async Task<IReadOnlyList<ModelRecord>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await models.ListAsync(cancellationToken)).Where(model => caller.Value.Sees(model.Tenant))];

    /// <summary>The one of the caller's tenant; for an admin, another tenant's where its own has none.</summary>
    public async Task<ModelRecord?> FindAsync(string name, CancellationToken cancellationToken) =>
        await models.FindAsync(caller.Value.Tenant, name, cancellationToken)
        ?? (caller.Value.IsAdmin
            ? (await models.ListAsync(cancellationToken)).FirstOrDefault(model => model.Name == name)
            : null);

    /// <summary>Lets it end, and waits a while for that. False: there is none.</summary>
    public async Task<bool> StopAsync(string name, CancellationToken cancellationToken)
    {
        if (await FindAsync(name, cancellationToken) is not { } model)
        {
            return false;
        }

        await models.StopAsync(model, StopWait, cancellationToken);
        return true;
    }

    /// <inheritdoc cref="EngineLogs.ReadAsync"/>
    public IAsyncEnumerable<string> ReadLogsAsync(ModelRecord model, int tail, bool follow, CancellationToken cancellationToken) =>
        logs.ReadAsync(model, tail, follow, cancellationToken);
}
