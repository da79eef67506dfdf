using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tenancy;

/// <summary>The gateway to the agents of the caller's sandboxes. There is none to the sandbox of another tenant.</summary>
internal sealed class TenantScopedAgentGateway(IAgentGateway agents, TenantResolver tenants) : IAgentGateway
{
    public async ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken) =>
        await tenants.SeesAsync(id, cancellationToken)
            ? await agents.OpenAsync(id, cancellationToken)
            : new SandboxError.NotFound(id.ToString());
}
