using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Sandbox.Api.Http;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

/// <summary>The errors of our own routes: problem details, with a code that stays.</summary>
internal static class Problems
{
    public static Task WriteAsync(HttpContext http, int status, string code, string detail)
    {
        http.Response.StatusCode = status;
        var problem = new ProblemMessage("about:blank", ReasonPhrases.GetReasonPhrase(status), status, code, detail);
        return JsonAnswer.WriteAsync(
            http, writer => JsonSerializer.Serialize(writer, problem, ManagementJson.Default.ProblemMessage), "application/problem+json");
    }

    public static Task BadRequestAsync(HttpContext http, string detail) =>
        WriteAsync(http, StatusCodes.Status400BadRequest, "bad_request", detail);

    public static Task NotFoundAsync(HttpContext http, string detail) =>
        WriteAsync(http, StatusCodes.Status404NotFound, "not_found", detail);
}
