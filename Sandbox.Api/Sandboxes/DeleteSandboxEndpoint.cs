using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Sandboxes;

/// <summary>ROCK's <c>POST /delete</c>, and the verb on the sandbox's own route.</summary>
internal sealed class DeleteSandboxEndpoint(TenantScopedOperator sandboxes, RockBody body)
{
    public const string FailureMessage = "delete sandbox failed";

    public async Task HandlePostAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.IdOrBlank) is { } request)
        {
            await DeleteAsync(http, request.SandboxId);
        }
    }

    public Task HandleVerbAsync(HttpContext http) => DeleteAsync(http, (string)http.GetRouteValue("id")!);

    private async Task DeleteAsync(HttpContext http, string text)
    {
        if (text.Length > 0 && !SandboxId.TryParse(text, null, out _))
        {
            await Envelopes.FailAsync(http, FailureMessage, new SandboxError.BadId(text));
            return;
        }

        var error = await TryDeleteAsync(text, http.RequestAborted);
        await (error is null or SandboxError.NotFound
            ? Envelopes.SucceedAsync(http, $"{text} deleted", RockJson.Default.String)
            : Envelopes.FailAsync(http, FailureMessage, error));
    }

    private async Task<SandboxError?> TryDeleteAsync(string text, CancellationToken cancellationToken)
    {
        if (!SandboxId.TryParse(text, null, out var id))
        {
            return null;
        }

        (await sandboxes.DeleteAsync(id, cancellationToken)).TryGet(out _, out var error);
        return error;
    }
}
