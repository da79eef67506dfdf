using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Sandbox.Api.Http;

/// <summary>Writes one JSON document as the whole answer, its length stated.</summary>
internal static class JsonAnswer
{
    /// <summary>What this server answers is data and never part of a page, so that only JSON's own characters are escaped.</summary>
    private static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext http, Action<Utf8JsonWriter> write, string contentType = "application/json")
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Relaxed))
        {
            write(writer);
        }

        http.Response.ContentType = contentType;
        http.Response.ContentLength = buffer.WrittenCount;
        await http.Response.BodyWriter.WriteAsync(buffer.WrittenMemory, http.RequestAborted);
    }

    /// <summary>A refusal as ROCK's web framework writes it.</summary>
    public static Task WriteDetailAsync(HttpContext http, int status, string detail)
    {
        http.Response.StatusCode = status;
        return WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("detail", detail);
            writer.WriteEndObject();
        });
    }
}
