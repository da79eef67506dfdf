using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Api.Sandboxes;

internal sealed class StopSandboxEndpoint(TenantScopedOperator sandboxes, RockBody body)
{
    public const string FailureMessage = "stop sandbox failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Id) is not { } request)
        {
            return;
        }

        if (!SandboxId.TryParse(request.SandboxId, null, out var id))
        {
            await Envelopes.FailAsync(http, FailureMessage, new SandboxError.BadId(request.SandboxId));
            return;
        }

        var stopped = await sandboxes.StopAsync(id, StopReason.Asked, http.RequestAborted);

        // What was never there is stopped.
        await (!stopped.TryGet(out _, out var error) && error is not (null or SandboxError.NotFound)
            ? Envelopes.FailAsync(http, FailureMessage, error)
            : Envelopes.SucceedAsync(http, $"{id} stopped", RockJson.Default.String));
    }
}
