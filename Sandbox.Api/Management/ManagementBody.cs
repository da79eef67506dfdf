using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Http;

namespace Sandbox.Api.Management;

/// <summary>JSON bodies of the management routes.</summary>
internal static class ManagementBody
{
    /// <summary>Largest body, bytes.</summary>
    private const int Limit = 64 * 1024;

    /// <summary>Null when it was refused and the answer is written.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        using var body = await BoundedBody.ReadAsync(http.Request.Body, Limit, http.RequestAborted);
        if (body is null)
        {
            await Problems.WriteAsync(http, StatusCodes.Status413PayloadTooLarge, "too_large", $"The body is larger than {Limit} bytes.");
            return null;
        }

        try
        {
            if (JsonSerializer.Deserialize(body.Bytes.Span, type) is { } request)
            {
                return request;
            }
        }
        catch (JsonException)
        {
            // What it says quotes the body.
        }

        await Problems.BadRequestAsync(http, "The body is not JSON of the expected form.");
        return null;
    }

    public static Task WriteAsync<T>(HttpContext http, T result, JsonTypeInfo<T> type) =>
        JsonAnswer.WriteAsync(http, writer => JsonSerializer.Serialize(writer, result, type));

    public static Task WriteNothingAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
