using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Sandbox.Agent.Http;

/// <summary>JSON bodies of bounded size, by source-generated types only.</summary>
internal static class JsonBodies
{
    /// <summary>Bytes of a JSON request body that is kept as a whole; bulk data goes by the file routes.</summary>
    internal const int LargestRequest = 32 * 1024 * 1024;

    /// <summary>Bytes of one whose content is put away as it comes.</summary>
    internal const int LargestContent = 64 * 1024 * 1024;

    /// <returns>Null when the body is empty, not JSON of this type, or too large.</returns>
    internal static async Task<T?> ReadJsonAsync<T>(this HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        if (context.Request.ContentLength > LargestRequest)
        {
            return null;
        }

        try
        {
            await using var body = new BoundedStream(context.Request.Body, LargestRequest);
            return await JsonSerializer.DeserializeAsync(body, type, context.RequestAborted);
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException)
        {
            return null;
        }
    }

    internal static async Task WriteJsonAsync<T>(
        this HttpContext context, T answer, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    /// <summary>An object whose members are written, and sent, one after the other.</summary>
    internal static async Task WriteJsonPiecesAsync(this HttpContext context, Func<Utf8JsonWriter, CancellationToken, Task> members)
    {
        context.Response.ContentType = "application/json";
        await using var json = new Utf8JsonWriter(context.Response.Body);
        json.WriteStartObject();
        await members(json, context.RequestAborted);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }
}
