using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Sandboxes;

internal sealed class RestartSandboxEndpoint(TenantScopedOperator sandboxes, RockBody body)
{
    public const string FailureMessage = "restart sandbox failed";

    public async Task HandlePostAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Id) is { } request)
        {
            await RestartAsync(http, request.SandboxId);
        }
    }

    public Task HandlePathAsync(HttpContext http) => RestartAsync(http, (string)http.GetRouteValue("id")!);

    private async Task RestartAsync(HttpContext http, string text)
    {
        Result<Domain.Lifecycle.SandboxInstance> restarted = SandboxId.TryParse(text, null, out var id)
            ? await sandboxes.RestartAsync(id, http.RequestAborted)
            : new SandboxError.BadId(text);
        await (restarted.TryGet(out var sandbox, out var error)
            ? Envelopes.SucceedAsync(http, StatusViews.RestartOf(sandbox), RockJson.Default.StartResult)
            : Envelopes.FailAsync(http, FailureMessage, error, StartSandboxEndpoint.FailureOf, RockJson.Default.StartResult));
    }
}
