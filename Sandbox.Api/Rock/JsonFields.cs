using System.Buffers;
using System.Text.Json;
using Sandbox.Api.Http;

namespace Sandbox.Api.Rock;

/// <summary>From a body to the members of its one JSON object.</summary>
internal static class JsonFields
{
    private const string NoObject = "body: Input should be a valid dictionary or object to extract fields from";

    /// <param name="read">Makes the request out of the members.</param>
    /// <param name="undecodable">What is said of a body that is not JSON.</param>
    /// <returns>The request, or all that is wrong with it, each under its location.</returns>
    public static (T? Request, IReadOnlyList<string> Problems) Read<T>(
        string? contentType, ReadOnlySequence<byte> body, Func<Fields, T> read, Func<JsonException, string> undecodable)
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
        catch (JsonException exception)
        {
            return (null, [undecodable(exception)]);
        }
        catch (InvalidOperationException)
        {
            // What the parser of this platform throws at the name of a member that is half of a surrogate pair.
            return (null, ["body: the name of a member is not valid Unicode"]);
        }
    }
}
