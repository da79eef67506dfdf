using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Sandbox.Api.Http;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Errors;
using Sandbox.Serving.Backends;

namespace Sandbox.Api.Management;

/// <summary>The failure of one of our own routes: problem details (RFC 9457).</summary>
/// <param name="code">For programs; stable.</param>
/// <param name="detail">One sentence for people.</param>
internal sealed class ProblemResult(int status, string code, string detail) : IResult
{
    public const string ContentType = "application/problem+json";

    private const string Overloaded = "overloaded";

    public static ProblemResult BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "bad_request", detail);

    public static ProblemResult NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    /// <summary>What keeps a model from being served.</summary>
    public static ProblemResult Of(ServingFailure failure) => new(
        failure.Error switch
        {
            ServingError.AlreadyRunning => StatusCodes.Status409Conflict,
            ServingError.NoEngineSpecified or ServingError.InvalidEngine or ServingError.InvalidConfiguration =>
                StatusCodes.Status400BadRequest,
            _ => StatusCodes.Status503ServiceUnavailable,
        },
        failure.Code,
        failure.Message);

    /// <summary>What keeps a sandbox from doing what was asked.</summary>
    public static ProblemResult Of(SandboxError error)
    {
        var (status, code) = error switch
        {
            SandboxError.NotFound => (StatusCodes.Status404NotFound, "not_found"),
            SandboxError.BadId or SandboxError.BadSpec => (StatusCodes.Status400BadRequest, "bad_request"),
            SandboxError.Unsupported => (StatusCodes.Status501NotImplemented, "not_supported"),
            SandboxError.Overloaded => (StatusCodes.Status503ServiceUnavailable, Overloaded),
            SandboxError.AgentUnreachable or SandboxError.DockerUnavailable or SandboxError.NoCapacity =>
                (StatusCodes.Status503ServiceUnavailable, "unavailable"),
            _ => (StatusCodes.Status409Conflict, "conflict"),
        };
        return new ProblemResult(status, code, error.Text);
    }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        if (code is Overloaded)
        {
            httpContext.Response.Headers.RetryAfter = "1";
        }

        var problem = new ProblemMessage("about:blank", ReasonPhrases.GetReasonPhrase(status), status, code, detail);
        return JsonAnswer.WriteAsync(
            httpContext, writer => JsonSerializer.Serialize(writer, problem, ManagementJson.Default.ProblemMessage), ContentType);
    }
}
