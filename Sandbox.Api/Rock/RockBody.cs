using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Rock;

/// <summary>Reads JSON bodies. Whatever is wrong with one is answered here, in ROCK's words.</summary>
internal sealed class RockBody(BodyBuffer bodies, IOptions<ApiOptions> options)
{
    private readonly int _limit = options.Value.MaxJsonBody;
    private readonly int _fileLimit = options.Value.MaxFileBody;

    /// <summary>The request, or null when the body was refused and the answer is already written.</summary>
    public async Task<T?> ReadAsync<T>(HttpContext http, Func<Fields, T> read)
        where T : class
    {
        if (await BufferAsync(http, _limit) is not { } body)
        {
            return null;
        }

        var (request, problem) = Parse(http.Request, body, read);
        http.Request.BodyReader.AdvanceTo(body.End);
        return problem is null ? request : await RefuseAsync<T>(http, problem);
    }

    /// <summary>Reads a body one member of which is the content of a file. That stays as it came, in the connection's own buffers, until
    /// <paramref name="send"/> has ended, and the request has an empty text in its place.</summary>
    /// <param name="send">Takes the request and the content, a text as JSON.</param>
    public async Task ReadFileAsync<T>(
        HttpContext http, ReadOnlyMemory<byte> member, Func<Fields, T> read, Func<T, ReadOnlySequence<byte>, Task> send)
        where T : class
    {
        if (await BufferAsync(http, _fileLimit) is not { } body)
        {
            return;
        }

        try
        {
            var (content, others, unreadable) = Split(http.Request, body, member.Span);
            var (request, problem) = unreadable is null ? Parse(http.Request, others, read) : (null, unreadable);
            await (problem is null ? send(request!, content) : RefuseAsync(http, problem));
        }
        finally
        {
            http.Request.BodyReader.AdvanceTo(body.End);
        }
    }

    public static Task RefuseAsync(HttpContext http, string problem) => Envelopes.FailAsync(http, Envelopes.InvalidParameter, problem);

    private static async Task<T?> RefuseAsync<T>(HttpContext http, string problem)
        where T : class
    {
        await RefuseAsync(http, problem);
        return null;
    }

    /// <summary>The whole body, which stays in the reader of the request until that is advanced; null when it was refused and the answer
    /// is already written.</summary>
    private async Task<ReadOnlySequence<byte>?> BufferAsync(HttpContext http, int limit)
    {
        var (body, problem) = await bodies.ReadAsync(http, limit);
        if (problem is null)
        {
            return body;
        }

        await (problem switch
        {
            BodyProblem.TooLarge => RefuseAsync(http, TooLarge(limit)),
            BodyProblem.TooSlow => RefuseAsync(http, $"body: it did not arrive within {BodyBuffer.Longest.TotalMinutes:0} min"),
            _ => Envelopes.FailAsync(http, "overloaded", new SandboxError.Overloaded(IsDone: false)),
        });
        return null;
    }

    /// <summary>The content of a file in a body, the body with an empty text instead, and what is wrong with them.</summary>
    private (ReadOnlySequence<byte> Content, ReadOnlySequence<byte> Others, string? Problem) Split(
        HttpRequest request, ReadOnlySequence<byte> body, ReadOnlySpan<byte> member)
    {
        if (!JsonMediaType.Is(request.ContentType))
        {
            return (default, body, null);
        }

        try
        {
            if (LargeMember.Find(body, member) is not { } place)
            {
                return (default, body, body.Length > _limit ? TooLarge(_limit) : null);
            }

            var content = body.Slice(place.Start, place.Length);
            if (!LargeMember.IsText(content))
            {
                return (default, default, $"body.{Encoding.UTF8.GetString(member)}: Input should be a valid string");
            }

            return body.Length - content.Length > _limit
                ? (default, default, TooLarge(_limit))
                : (content, LargeMember.Without(body, place), null);
        }
        catch (JsonException exception)
        {
            return (default, default, Undecodable(body, exception));
        }
    }

    private static string TooLarge(int limit) => $"body: larger than the limit of {limit / 1024 / 1024} MiB ({limit} bytes)";

    private static string Undecodable(ReadOnlySequence<byte> body, JsonException exception) =>
        $"body.{OffsetOf(body, exception)}: JSON decode error";

    private static (T?, string? Problem) Parse<T>(HttpRequest request, ReadOnlySequence<byte> body, Func<Fields, T> read)
        where T : class
    {
        var (result, problems) = JsonFields.Read(request.ContentType, body, read, exception => Undecodable(body, exception));
        return problems.Count == 0 ? (result, null) : (null, string.Join("; ", problems));
    }

    /// <summary>How far back the beginning of a bad word is looked for.</summary>
    private const int LongestWord = 32;

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
