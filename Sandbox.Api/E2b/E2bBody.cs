using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.E2b;

/// <summary>The JSON body of a request of the E2B API, which comes without a stated length.</summary>
internal sealed class E2bBody(BodyBuffer bodies, IOptions<ApiOptions> options)
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
        var (body, problem) = await bodies.ReadAsync(http, limit);
        if (problem is not null)
        {
            return await (problem switch
            {
                BodyProblem.TooLarge => RefuseAsync<T>(
                    http, StatusCodes.Status413PayloadTooLarge, $"The body is larger than {limit} bytes."),
                BodyProblem.TooSlow => RefuseAsync<T>(
                    http, StatusCodes.Status408RequestTimeout,
                    $"The body did not arrive within {BodyBuffer.Longest.TotalMinutes:0} min."),
                _ => RefuseAsync<T>(http, new SandboxError.Overloaded(IsDone: false)),
            });
        }

        var (value, wrong) = Parse(body, type);
        http.Request.BodyReader.AdvanceTo(body.End);
        return wrong is null ? value : await RefuseAsync<T>(http, StatusCodes.Status400BadRequest, wrong);
    }

    private static (T? Value, string? Wrong) Parse<T>(ReadOnlySequence<byte> body, JsonTypeInfo<T> type)
        where T : class
    {
        if (new SequenceReader<byte>(body).TryReadTo(out ReadOnlySequence<byte> _, Nul))
        {
            return (null, "The body contains a NUL character.");
        }

        const string NotJson = "The body is not JSON of the expected form.";
        try
        {
            var reader = new Utf8JsonReader(body);
            var value = JsonSerializer.Deserialize(ref reader, type);
            return value is null || reader.Read() ? (null, NotJson) : (value, null);
        }
        catch (JsonException)
        {
            // What it says quotes the body.
            return (null, NotJson);
        }
    }

    private static async Task<T?> RefuseAsync<T>(HttpContext http, SandboxError error)
        where T : class
    {
        await E2bAnswers.WriteErrorAsync(http, error);
        return null;
    }

    private static async Task<T?> RefuseAsync<T>(HttpContext http, int status, string message)
        where T : class
    {
        await E2bAnswers.WriteErrorAsync(http, status, message);
        return null;
    }
}
