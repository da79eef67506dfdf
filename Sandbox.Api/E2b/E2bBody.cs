using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;

namespace Sandbox.Api.E2b;

/// <summary>The JSON body of a request of the E2B API, which comes without a stated length.</summary>
internal sealed class E2bBody(IOptions<ApiOptions> options)
{
    /// <summary>The only way to write one in JSON.</summary>
    private static ReadOnlySpan<byte> Nul => "\\u0000"u8;

    /// <summary>Null: it cannot be read, and that was answered.</summary>
    public async Task<T?> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        if (!JsonMediaType.Is(http.Request.ContentType))
        {
            return await RefuseAsync<T>(
                http, StatusCodes.Status415UnsupportedMediaType, "The body must have the content type application/json.");
        }

        var limit = options.Value.MaxJsonBody;
        using var body = await BoundedBody.ReadAsync(http.Request.Body, limit, http.RequestAborted);
        if (body is null)
        {
            return await RefuseAsync<T>(http, StatusCodes.Status413PayloadTooLarge, $"The body is larger than {limit} bytes.");
        }

        if (body.Bytes.Span.IndexOf(Nul) >= 0)
        {
            return await RefuseAsync<T>(http, StatusCodes.Status400BadRequest, "The body contains a NUL character.");
        }

        try
        {
            if (JsonSerializer.Deserialize(body.Bytes.Span, type) is { } value)
            {
                return value;
            }
        }
        catch (JsonException)
        {
            // What it says quotes the body.
        }

        return await RefuseAsync<T>(http, StatusCodes.Status400BadRequest, "The body is not JSON of the expected form.");
    }

    private static async Task<T?> RefuseAsync<T>(HttpContext http, int status, string message)
        where T : class
    {
        await E2bAnswers.WriteErrorAsync(http, status, message);
        return null;
    }
}
