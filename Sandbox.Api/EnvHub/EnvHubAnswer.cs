using System.Text.Json;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.EnvHub;

/// <summary>How EnvHub's answers are written. ROCK's Python SDK reads the bare result and refuses members that it does not know; its
/// TypeScript SDK reads the member <c>result</c>. No one body serves both.</summary>
internal static class EnvHubAnswer
{
    public static Task WriteAsync(HttpContext http, bool isEnveloped, Action<Utf8JsonWriter> writeResult) =>
        JsonAnswer.WriteAsync(http, writer =>
        {
            if (!isEnveloped)
            {
                writeResult(writer);
                return;
            }

            writer.WriteStartObject();
            writer.WriteString("status", Envelope.Success);
            writer.WriteNull("message");
            writer.WriteNull("error");
            writer.WritePropertyName("result");
            writeResult(writer);
            writer.WriteEndObject();
        });

    /// <summary>A body that cannot be read, as ROCK's web framework tells it: 422, and each problem with its location.</summary>
    /// <param name="problems">Each <c>location: text</c>.</param>
    public static Task RefuseAsync(HttpContext http, IReadOnlyList<string> problems)
    {
        http.Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("detail");
            foreach (var problem in problems)
            {
                WriteProblem(writer, problem);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static void WriteProblem(Utf8JsonWriter writer, string problem)
    {
        var colon = problem.IndexOf(": ", StringComparison.Ordinal);
        var text = problem[(colon + 2)..];
        writer.WriteStartObject();
        writer.WriteString("type", text == Fields.Required ? "missing" : "value_error");
        writer.WriteStartArray("loc");
        foreach (var part in problem[..colon].Split('.'))
        {
            writer.WriteStringValue(part);
        }

        writer.WriteEndArray();
        writer.WriteString("msg", text);
        writer.WriteEndObject();
    }
}
