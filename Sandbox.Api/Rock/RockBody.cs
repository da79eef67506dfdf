using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;

namespace Sandbox.Api.Rock;

/// <summary>Reads JSON bodies. Whatever is wrong with one is answered here, in ROCK's words.</summary>
internal sealed class RockBody(IOptions<ApiOptions> options)
{
    private readonly int _limit = options.Value.MaxJsonBody;

    /// <summary>The request, or null when the body was refused and the answer is already written.</summary>
    public async Task<T?> ReadAsync<T>(HttpContext http, Func<Fields, T> read)
        where T : class
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            // The limit is ours, so that its answer has ROCK's form.
            size.MaxRequestBodySize = null;
        }

        if (http.Request.ContentLength > _limit)
        {
            return await RefuseAsync<T>(http, TooLarge());
        }

        var reader = http.Request.BodyReader;
        while (true)
        {
            var part = await reader.ReadAsync(http.RequestAborted);
            if (part.Buffer.Length > _limit)
            {
                reader.AdvanceTo(part.Buffer.End);
                return await RefuseAsync<T>(http, TooLarge());
            }

            if (part.IsCompleted)
            {
                var (request, problem) = Parse(http.Request, part.Buffer, read);
                reader.AdvanceTo(part.Buffer.End);
                return problem is null ? request : await RefuseAsync<T>(http, problem);
            }

            reader.AdvanceTo(part.Buffer.Start, part.Buffer.End);
        }
    }

    public static Task RefuseAsync(HttpContext http, string problem) => Envelopes.FailAsync(http, Envelopes.InvalidParameter, problem);

    private static async Task<T?> RefuseAsync<T>(HttpContext http, string problem)
        where T : class
    {
        await RefuseAsync(http, problem);
        return null;
    }

    private string TooLarge() => $"body: larger than the limit of {_limit / 1024 / 1024} MiB ({_limit} bytes)";

    private static (T?, string? Problem) Parse<T>(HttpRequest request, ReadOnlySequence<byte> body, Func<Fields, T> read)
        where T : class
    {
        if (body.IsEmpty)
        {
            return (null, $"body: {Fields.Required}");
        }

        if (!JsonMediaType.Is(request.ContentType))
        {
            return (null, NoObject);
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind is not JsonValueKind.Object)
            {
                return (null, NoObject);
            }

            var fields = new Fields(document.RootElement, "body");
            var result = read(fields);
            return fields.Problems.Count == 0 ? (result, null) : (null, string.Join("; ", fields.Problems));
        }
        catch (JsonException exception)
        {
            return (null, $"body.{OffsetOf(body, exception)}: JSON decode error");
        }
        catch (InvalidOperationException)
        {
            // What the parser of this platform throws at the name of a member that is half of a surrogate pair.
            return (null, "body: the name of a member is not valid Unicode");
        }
    }

    /// <summary>How far back the beginning of a bad word is looked for.</summary>
    private const int LongestWord = 32;

    private const string NoObject = "body: Input should be a valid dictionary or object to extract fields from";

    /// <summary>Where in the body the word begins that is not JSON, from 0.</summary>
    private static long OffsetOf(ReadOnlySequence<byte> body, JsonException exception)
    {
        var rest = new SequenceReader<byte>(body);
        for (var line = 0L; line < exception.LineNumber; line++)
        {
            if (!rest.TryAdvanceTo((byte)'\n'))
            {
                break;
            }
        }

        var offset = rest.Consumed + (exception.BytePositionInLine ?? 0);
        var end = offset;
        while (offset > rest.Consumed && offset <= body.Length && offset > end - LongestWord
            && char.IsAsciiLetterOrDigit((char)body.Slice(offset - 1, 1).FirstSpan[0]))
        {
            offset--;
        }

        return offset;
    }
}
