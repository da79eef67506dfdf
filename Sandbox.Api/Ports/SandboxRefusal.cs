using Sandbox.Api.Http;

namespace Sandbox.Api.Ports;

/// <summary>The answer to a request that is addressed to a sandbox and does not reach it, in the form of E2B's proxy.</summary>
internal static class SandboxRefusal
{
    private const int Longest = 80;

    public static Task WriteAsync(HttpContext http, int status, string message) => WriteAsync(http, status, null, null, message);

    public static Task WriteNotFoundAsync(HttpContext http, string sandbox) =>
        WriteAsync(http, StatusCodes.Status502BadGateway, sandbox, null, "The sandbox was not found");

    public static Task WriteNotOpenAsync(HttpContext http, string sandbox, string port) =>
        WriteAsync(http, StatusCodes.Status502BadGateway, sandbox, port, "The sandbox is running but port is not open");

    private static Task WriteAsync(HttpContext http, int status, string? sandbox, string? port, string message)
    {
        http.Response.StatusCode = status;
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            if (sandbox is not null)
            {
                writer.WriteString("sandboxId", Shorten(sandbox));
            }

            writer.WriteString("message", message);
            if (port is not null)
            {
                writer.WriteString("port", Shorten(port));
            }

            writer.WriteNumber("code", status);
            writer.WriteEndObject();
        });
    }

    private static string Shorten(string text) => text.Length > Longest ? text[..Longest] : text;
}
