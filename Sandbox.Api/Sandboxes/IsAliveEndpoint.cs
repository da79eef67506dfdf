using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Sandboxes;

/// <summary>Whether a sandbox can be used now. Never fails: whatever stands in the way is the message of a "no".</summary>
internal sealed class IsAliveEndpoint(TenantScopedAgentGateway agents, TenantScopedRecords records)
{
    public const string FailureMessage = "get sandbox is alive failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await RockQuery.SandboxIdAsync(http) is { } text)
        {
            await Envelopes.SucceedAsync(http, await AskAsync(text, http.RequestAborted), RockJson.Default.IsAliveResult);
        }
    }

    private async Task<IsAliveResult> AskAsync(string text, CancellationToken cancellationToken)
    {
        if (!SandboxId.TryParse(text, null, out var id))
        {
            return new IsAliveResult(false, new SandboxError.BadId(text).Text);
        }

        if (!(await agents.OpenAsync(id, cancellationToken)).TryGet(out var call, out var error))
        {
            return new IsAliveResult(false, error.Text);
        }

        call.Dispose();
        return new IsAliveResult(true, (await records.FindAsync(id, cancellationToken))?.HostName ?? "");
    }
}
