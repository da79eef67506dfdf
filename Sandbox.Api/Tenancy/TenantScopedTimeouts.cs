using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tenancy;

/// <summary>When the caller's sandboxes are stopped. There is none of another tenant's.</summary>
internal sealed class TenantScopedTimeouts(TimeoutChanges changes, TenantResolver tenants)
{
    /// <inheritdoc cref="TimeoutChanges.SetAsync"/>
    public async Task<Result<SandboxInstance>> SetAsync(SandboxId id, TimeSpan timeout, CancellationToken cancellationToken) =>
        await tenants.SeesAsync(id, cancellationToken)
            ? await changes.SetAsync(id, timeout, cancellationToken)
            : new SandboxError.NotFound(id.ToString());

    /// <inheritdoc cref="TimeoutChanges.ExtendAsync"/>
    public async Task<Result<SandboxInstance>> ExtendAsync(SandboxId id, TimeSpan timeout, CancellationToken cancellationToken) =>
        await tenants.SeesAsync(id, cancellationToken)
            ? await changes.ExtendAsync(id, timeout, cancellationToken)
            : new SandboxError.NotFound(id.ToString());
}
