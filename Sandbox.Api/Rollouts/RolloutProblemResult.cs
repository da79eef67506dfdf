using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Api.Rollouts;

/// <summary>The failure of a rollout's route, in the form of <see cref="RolloutProblem"/>.</summary>
/// <param name="code">For programs; stable.</param>
/// <param name="detail">One sentence for people.</param>
internal sealed class RolloutProblemResult(int status, string code, string detail) : IResult
{
    private const int LongestShown = 100;

    public string? Details { get; init; }

    public string? Checkpoint { get; init; }

    public ApprovalInfoResult? ApprovalInfo { get; init; }

    public static RolloutProblemResult BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "bad_request", detail);

    public static RolloutProblemResult NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    public static RolloutProblemResult Forbidden(string permission) => new(
        StatusCodes.Status403Forbidden, "forbidden", $"An API key with the permission {permission} is needed.");

    public static RolloutProblemResult UnknownCheckpoint(string name) => new(
        StatusCodes.Status404NotFound, "unknown_checkpoint",
        $"There is no such checkpoint; there are {string.Join(", ", CheckpointCatalog.All.Select(known => known.Name))}.")
    { Checkpoint = name.Length <= LongestShown ? name : name[..LongestShown] };

    public static RolloutProblemResult Of(AnsibleException exception) =>
        new(StatusCodes.Status500InternalServerError, "ansible_failed", exception.Message);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        var time = httpContext.RequestServices.GetRequiredService<TimeProvider>();
        var problem = new RolloutProblem(
            "about:blank", ReasonPhrases.GetReasonPhrase(status), status, code, detail, code.ToUpperInvariant(), detail, time.GetUtcNow())
        {
            Details = Details,
            Checkpoint = Checkpoint,
            ApprovalInfo = ApprovalInfo,
        };
        return JsonAnswer.WriteAsync(
            httpContext, writer => JsonSerializer.Serialize(writer, problem, ManagementJson.Default.RolloutProblem),
            ProblemResult.ContentType);
    }
}
