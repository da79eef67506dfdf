using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tenancy;

/// <summary>The logs of the caller's sandboxes. There is none of another tenant's.</summary>
internal sealed class TenantScopedLogs(ISandboxLogs logs, TenantScopedRecords records)
{
    public async Task<Result<SandboxLog>> OpenAsync(SandboxId id, LogQuery query, CancellationToken cancellationToken) =>
        await records.FindAsync(id, cancellationToken) is { State: not SandboxState.Deleted } record
            ? await logs.OpenAsync(record, query, cancellationToken)
            : new SandboxError.NotFound(id.ToString());
}
