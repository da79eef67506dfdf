using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tenancy;

/// <summary>The roads to the agents of the caller's sandboxes. To whom a sandbox is not, there is none.</summary>
internal sealed class TenantScopedAgentGateway(IAgentGateway agents, TenantResolver ownership) : IAgentGateway
{
    public async ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken) =>
        await ownership.SeesAsync(id, cancellationToken)
            ? await agents.OpenAsync(id, cancellationToken)
            : new SandboxError.NotFound(id.ToString());
}
