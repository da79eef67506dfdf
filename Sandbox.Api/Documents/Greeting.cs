using Sandbox.Api.Http;

namespace Sandbox.Api.Documents;

internal static class Greeting
{
    public static Task HandleAsync(HttpContext http) => JsonAnswer.WriteAsync(http, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("message", "Sandbox.Aspire is here. Its routes are described at /openapi.json.");
        writer.WriteEndObject();
    });
}
