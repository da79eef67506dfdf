using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sandbox.Serving.Routing;

namespace Sandbox.Serving.OpenAi;

/// <summary>A refusal as clients of the OpenAI interface read it.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="RetryAfter">When it may be tried again; null when that would change nothing.</param>
public sealed record OpenAiError(int Status, string Code, string Message, TimeSpan? RetryAfter = null)
{
    public string Type => Status switch
    {
        401 => "authentication_error",
        429 => "rate_limit_error",
        < 500 => "invalid_request_error",
        _ => "server_error",
    };

    /// <summary>The value of the header Retry-After, in whole seconds; null without it.</summary>
    public string? RetryAfterSeconds => RetryAfter is { } time
        ? ((long)Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture)
        : null;

    public static OpenAiError BadRequest(string message) => new(400, "invalid_request", message);

    /// <summary>Why a request got no replica. The models of others are not named.</summary>
    public static OpenAiError From(AcquireOutcome outcome) => outcome switch
    {
        AcquireOutcome.UnknownModel unknown => new(404, "model_not_found", $"The model '{unknown.Model}' does not exist."),
        AcquireOutcome.QueueFull full => new(429, "queue_full", "Too many requests wait for this model.", full.RetryAfter),
        AcquireOutcome.Unavailable none => new(503, "model_unavailable", "No engine of this model can take a request.", none.RetryAfter),
        _ => throw new UnreachableException(outcome.GetType().Name),
    };

    /// <summary>The body of an answer.</summary>
    public byte[] ToBody() =>
        JsonSerializer.SerializeToUtf8Bytes(new { error = new { message = Message, type = Type, param = (string?)null, code = Code } });

    /// <summary>An event for a stream that has begun and cannot go on.</summary>
    public byte[] ToEvent() => [.. "data: "u8, .. ToBody(), .. "\n\n"u8];
}
