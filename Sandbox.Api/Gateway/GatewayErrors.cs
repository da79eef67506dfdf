using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>Refusals as clients of the OpenAI interface read them.</summary>
internal static class GatewayErrors
{
    public const string Prefix = "/v1";

    public static async Task WriteAsync(HttpContext http, OpenAiError error)
    {
        http.Response.StatusCode = error.Status;
        if (error.RetryAfterSeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = seconds;
        }

        var body = error.ToBody();
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }
}
