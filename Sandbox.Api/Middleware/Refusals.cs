using Sandbox.Api.Auth;
using Sandbox.Api.E2b;
using Sandbox.Api.Gateway;
using Sandbox.Api.Http;
using Sandbox.Api.Management;
using Sandbox.Api.Ports;
using Sandbox.Api.Rock;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Middleware;

/// <summary>Answers to requests that no route has taken, each in the form of the API that was addressed.</summary>
internal static class Refusals
{
    public static Task WriteAsync(HttpContext http, int status, string message, string text)
    {
        if (status is StatusCodes.Status401Unauthorized)
        {
            http.Response.Headers.WWWAuthenticate = "Bearer";
        }

        if (http.Features.Get<SandboxAddress>() is not null)
        {
            return SandboxRefusal.WriteAsync(http, status, text);
        }

        if (E2bEndpoints.Contains(http.Request.Path))
        {
            return E2bAnswers.WriteErrorAsync(http, status, text);
        }

        if (http.Request.Path.StartsWithSegments(GatewayErrors.Prefix))
        {
            return GatewayErrors.WriteAsync(http, new OpenAiError(status, message, text));
        }

        if (http.Request.Path.StartsWithSegments(RockRoute.Prefix))
        {
            http.Response.StatusCode = status;
            return Envelopes.FailAsync(http, message, text);
        }

        return http.Request.Path.StartsWithSegments(ManagementEndpoints.Prefix)
            ? new ProblemResult(status, message, text).ExecuteAsync(http)
            : JsonAnswer.WriteDetailAsync(http, status, text);
    }

    /// <summary>Routing has found no route, or none of this method.</summary>
    public static Task WriteUnroutedAsync(HttpContext http, int status, string code, string text) =>
        http.Request.Path.StartsWithSegments(GatewayErrors.Prefix) ? GatewayErrors.WriteAsync(http, new OpenAiError(status, code, text))
        : http.Request.Path.StartsWithSegments(ManagementEndpoints.Prefix) ? new ProblemResult(status, code, text).ExecuteAsync(http)
        : E2bEndpoints.Contains(http.Request.Path) ? E2bAnswers.WriteErrorAsync(http, status, text)
        : JsonAnswer.WriteDetailAsync(http, status, text);
}
