using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;

namespace Sandbox.Client;

// Tenants, keys, dead letters, nodes and join tokens: for callers with an admin's key.
public sealed partial class SandboxClient
{
    /// <summary>All tenants, by name.</summary>
    public Task<IReadOnlyList<TenantResult>> TenantsAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("tenants", ManagementJson.Default.IReadOnlyListTenantResult, cancellationToken);

    public Task<TenantResult> CreateTenantAsync(string name, QuotaMessage quota, CancellationToken cancellationToken) =>
        _management.PostAsync(
            "tenants", new TenantRequest(name, quota), ManagementJson.Default.TenantRequest, ManagementJson.Default.TenantResult,
            cancellationToken);

    /// <summary>Replaces every bound of the tenant.</summary>
    public Task SetQuotaAsync(string tenant, QuotaMessage quota, CancellationToken cancellationToken) =>
        _management.PutAsync(
            $"tenants/{Uri.EscapeDataString(tenant)}/quota", quota, ManagementJson.Default.QuotaMessage, cancellationToken);

    /// <summary>All keys, oldest first, without their secrets.</summary>
    public Task<IReadOnlyList<KeyResult>> KeysAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("keys", ManagementJson.Default.IReadOnlyListKeyResult, cancellationToken);

    /// <summary>The answer holds the secret, which cannot be had again.</summary>
    public Task<NewKeyResult> CreateKeyAsync(KeyRequest request, CancellationToken cancellationToken) =>
        _management.PostAsync("keys", request, ManagementJson.Default.KeyRequest, ManagementJson.Default.NewKeyResult, cancellationToken);

    public Task RevokeKeyAsync(string id, CancellationToken cancellationToken) =>
        _management.DoAsync(HttpMethod.Delete, $"keys/{Uri.EscapeDataString(id)}", cancellationToken);

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<DeadLetterResult>> DeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        _management.GetAsync($"dead-letters?limit={limit}", ManagementJson.Default.IReadOnlyListDeadLetterResult, cancellationToken);

    public Task RedriveAsync(long deadLetter, CancellationToken cancellationToken) =>
        _management.DoAsync(HttpMethod.Post, $"dead-letters/{deadLetter}/redrive", cancellationToken);

    public Task<IReadOnlyList<NodeResult>> NodesAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("nodes", ManagementJson.Default.IReadOnlyListNodeResult, cancellationToken);

    /// <param name="draining">True: it takes no new sandboxes; false: it takes them again.</param>
    public Task SetDrainingAsync(string node, bool draining, CancellationToken cancellationToken) =>
        _management.DoAsync(HttpMethod.Post, $"nodes/{Uri.EscapeDataString(node)}/{(draining ? "drain" : "undrain")}", cancellationToken);

    /// <summary>What the caller's sandboxes use, and for an admin the nodes; for any caller with a key.</summary>
    public Task<UsageResult> UsageAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("usage", ManagementJson.Default.UsageResult, cancellationToken);

    /// <summary>What of docs/security.md is in effect on the server and on each node.</summary>
    public Task<DiagnosticsResult> DiagnosticsAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("diagnostics", ManagementJson.Default.DiagnosticsResult, cancellationToken);

    /// <summary>The maintenance tasks of each node: when they come, which run, and what came of the last.</summary>
    public Task<IReadOnlyList<NodeMaintenanceReport>> MaintenanceAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("maintenance", ManagementJson.Default.IReadOnlyListNodeMaintenanceReport, cancellationToken);

    /// <summary>Has nodes do a task; a run for each of them. What may take long does not wait for its end, and is looked for by the ids of
    /// its runs.</summary>
    public Task<IReadOnlyList<MaintenanceRun>> RunMaintenanceAsync(MaintenanceRequest request, CancellationToken cancellationToken) =>
        _management.PostAsync(
            "maintenance", request, ManagementJson.Default.MaintenanceRequest, ManagementJson.Default.IReadOnlyListMaintenanceRun,
            cancellationToken);

    /// <summary>Those that end first first, without themselves.</summary>
    public Task<IReadOnlyList<JoinTokenEntry>> JoinTokensAsync(CancellationToken cancellationToken) =>
        _management.GetAsync("join-tokens", ManagementJson.Default.IReadOnlyListJoinTokenEntry, cancellationToken);

    /// <summary>The answer holds the token, which cannot be had again.</summary>
    public Task<JoinTokenResult> CreateJoinTokenAsync(JoinTokenRequest request, CancellationToken cancellationToken) =>
        _management.PostAsync(
            "join-tokens", request, ManagementJson.Default.JoinTokenRequest, ManagementJson.Default.JoinTokenResult, cancellationToken);

    public Task RevokeJoinTokenAsync(string id, CancellationToken cancellationToken) =>
        _management.DoAsync(HttpMethod.Delete, $"join-tokens/{Uri.EscapeDataString(id)}", cancellationToken);
}
