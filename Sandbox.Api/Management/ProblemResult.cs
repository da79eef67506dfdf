using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Sandbox.Api.Http;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

/// <summary>The failure of one of our own routes: problem details (RFC 9457).</summary>
/// <param name="code">For programs; stable.</param>
/// <param name="detail">One sentence for people.</param>
internal sealed class ProblemResult(int status, string code, string detail) : IResult
{
    public const string ContentType = "application/problem+json";

    public static ProblemResult BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "bad_request", detail);

    public static ProblemResult NotFound(string detail) => new(StatusCodes.Status404NotFound, "not_found", detail);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = status;
        var problem = new ProblemMessage("about:blank", ReasonPhrases.GetReasonPhrase(status), status, code, detail);
        return JsonAnswer.WriteAsync(
            httpContext, writer => JsonSerializer.Serialize(writer, problem, ManagementJson.Default.ProblemMessage), ContentType);
    }
}
