using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Sandboxes;

/// <summary>Begins to make an image of a sandbox, and tells how far that is.</summary>
internal sealed class CommitSandboxEndpoint(TenantScopedOperator sandboxes, TenantScopedCommits commits, RockBody body, StatusViews views)
{
    public const string FailureMessage = "commit sandbox failed";
    public const string StatusFailureMessage = "get commit status failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Commit) is not { } request)
        {
            return;
        }

        Result<SandboxCommit> begun = !SandboxId.TryParse(request.SandboxId, null, out var id)
            ? new SandboxError.BadId(request.SandboxId)
            : ImageReference.WhyRefused(request.ImageTag) is { } reason
            ? new SandboxError.BadSpec("image_tag", $"'{request.ImageTag}' {reason}")
            : await sandboxes.CommitAsync(id, request.ImageTag, request.Username, request.Password, http.RequestAborted);
        await AnswerAsync(http, FailureMessage, begun);
    }

    public async Task HandleStatusAsync(HttpContext http)
    {
        var text = (string)http.GetRouteValue("id")!;
        Result<SandboxCommit> found = !SandboxId.TryParse(text, null, out var id) ? new SandboxError.BadId(text)
            : await commits.FindAsync(id, http.RequestAborted) is { } commit ? commit
            : new SandboxError.CommitRefused("STATUS_NOT_FOUND", $"Sandbox {text} was never committed.");
        await AnswerAsync(http, StatusFailureMessage, found);
    }

    private Task AnswerAsync(HttpContext http, string failureMessage, Result<SandboxCommit> result) =>
        result.TryGet(out var commit, out var error)
            ? Envelopes.SucceedAsync(http, views.CommitOf(commit), RockJson.Default.CommitStatus)
            : Envelopes.FailAsync(http, failureMessage, error);
}
