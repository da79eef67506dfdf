using System.Text.Json;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;

namespace Sandbox.Api.EnvHub;

/// <summary>Reads the JSON bodies of EnvHub. Whatever is wrong with one is answered here.</summary>
internal static class EnvHubBody
{
    /// <summary>Largest body, bytes.</summary>
    private const int Limit = 32 * 1024;

    private const string NoObject = "body: Input should be a valid dictionary or object to extract fields from";

    /// <summary>The request, or null when the body was refused and the answer is already written.</summary>
    public static async Task<T?> ReadAsync<T>(HttpContext http, Func<Fields, T> read)
        where T : class
    {
        using var body = await BoundedBody.ReadAsync(http.Request.Body, Limit, http.RequestAborted);
        if (body is null)
        {
            await JsonAnswer.WriteDetailAsync(
                http, StatusCodes.Status413PayloadTooLarge, $"The body is larger than the limit of {Limit} bytes.");
            return null;
        }

        var (request, problems) = Parse(http.Request.ContentType, body.Bytes, read);
        if (problems.Count == 0)
        {
            return request;
        }

        await EnvHubAnswer.RefuseAsync(http, problems);
        return null;
    }

    private static (T?, IReadOnlyList<string> Problems) Parse<T>(string? contentType, ReadOnlyMemory<byte> body, Func<Fields, T> read)
        where T : class
    {
        if (body.IsEmpty)
        {
            return (null, [$"body: {Fields.Required}"]);
        }

        if (!JsonMediaType.Is(contentType))
        {
            return (null, [NoObject]);
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
            {
                return (null, [NoObject]);
            }

            var fields = new Fields(document.RootElement, "body");
            var request = read(fields);
            return (request, fields.Problems);
        }
        catch (JsonException)
        {
            return (null, ["body: JSON decode error"]);
        }
        catch (InvalidOperationException)
        {
            // What the parser of this platform throws at the name of a member that is half of a surrogate pair.
            return (null, ["body: the name of a member is not valid Unicode"]);
        }
    }
}
