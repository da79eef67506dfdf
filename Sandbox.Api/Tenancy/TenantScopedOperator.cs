using Sandbox.Api.Auth;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tenancy;

/// <summary>
/// What the caller may do with sandboxes: what it makes is its tenant's, and another tenant's is "not found", as an unknown
/// id is. An unknown id itself goes on, so that the sweep of orphans is woken by it.
/// </summary>
internal sealed class TenantScopedOperator(ISandboxOperator sandboxes, TenantResolver tenants, CurrentCaller caller) : ISandboxOperator
{
    /// <summary>Ids are one for all tenants: one that another tenant uses is refused as in use.</summary>
    public async Task<Result<SandboxInstance>> SubmitAsync(
        SandboxInstance prepared, string? registryPassword, CancellationToken cancellationToken) =>
        Told(await sandboxes.SubmitAsync(prepared with { Tenant = caller.Value.Tenant }, registryPassword, cancellationToken));

    public Task<Result<SandboxInstance>> StopAsync(SandboxId id, StopReason reason, CancellationToken cancellationToken) =>
        OwnAsync(id, () => sandboxes.StopAsync(id, reason, cancellationToken), cancellationToken);

    public Task<Result<SandboxInstance>> RestartAsync(SandboxId id, CancellationToken cancellationToken) =>
        OwnAsync(id, () => sandboxes.RestartAsync(id, cancellationToken), cancellationToken);

    public Task<Result<SandboxInstance>> ArchiveAsync(SandboxId id, CancellationToken cancellationToken) =>
        OwnAsync(id, () => sandboxes.ArchiveAsync(id, cancellationToken), cancellationToken);

    public async Task<Result<SandboxCommit>> CommitAsync(
        SandboxId id, string imageTag, string? username, string? password, CancellationToken cancellationToken) =>
        await tenants.IsForeignAsync(id, cancellationToken)
            ? SandboxError.CommitRefused.Unknown(id)
            : await sandboxes.CommitAsync(id, imageTag, username, password, cancellationToken);

    public Task<Result<SandboxInstance>> DeleteAsync(SandboxId id, CancellationToken cancellationToken) =>
        OwnAsync(id, () => sandboxes.DeleteAsync(id, cancellationToken), cancellationToken);

    public Task<Result<SandboxInstance>> WaitUntilAliveAsync(SandboxId id, CancellationToken cancellationToken) =>
        OwnAsync(id, () => sandboxes.WaitUntilAliveAsync(id, cancellationToken), cancellationToken);

    private async Task<Result<SandboxInstance>> OwnAsync(
        SandboxId id, Func<Task<Result<SandboxInstance>>> act, CancellationToken cancellationToken) =>
        await tenants.IsForeignAsync(id, cancellationToken) ? new SandboxError.NotFound(id.ToString()) : Told(await act());

    /// <summary>Where an engine is and why it does not answer is the operator's to know.</summary>
    private Result<SandboxInstance> Told(Result<SandboxInstance> result) =>
        caller.Value.IsAdmin || result.TryGet(out _, out var error) || error is not SandboxError.DockerUnavailable
            ? result : new SandboxError.DockerUnavailable("its operator is told why");
}
