using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Sandboxes;

/// <summary>Begins to archive a stopped sandbox; <c>get_status</c> tells how far it is. A restart takes it out again.</summary>
internal sealed class ArchiveSandboxEndpoint(TenantScopedOperator sandboxes, RockAuthorization authorization)
{
    public const string FailureMessage = "archive sandbox failed";

    public async Task HandleAsync(HttpContext http)
    {
        var text = (string)http.GetRouteValue("id")!;
        Result<Domain.Lifecycle.SandboxInstance> archived = !authorization.MayArchive(http.Request)
            ? new SandboxError.Forbidden($"Not everyone may archive here: {RockAuthorization.Header} is none of Api:ArchiveKeyHashes.")
            : SandboxId.TryParse(text, null, out var id)
            ? await sandboxes.ArchiveAsync(id, http.RequestAborted)
            : new SandboxError.BadId(text);
        await (archived.TryGet(out _, out var error)
            ? Envelopes.SucceedAsync(http, $"{text} archiving", RockJson.Default.String)
            : Envelopes.FailAsync(http, FailureMessage, error));
    }
}
