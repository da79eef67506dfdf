using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Http;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Rock;

/// <summary>Writes ROCK's envelope: four keys, always all of them, always in this order, always HTTP 200.</summary>
internal static class Envelopes
{
    public const string InvalidParameter = "invalid parameter";

    private static ReadOnlySpan<byte> BeforeResult => """{"status":"Success","message":null,"error":null,"result":"""u8;

    private static ReadOnlySpan<byte> AfterResult => "}"u8;

    /// <param name="note">Something the caller should know although the call counts as a success.</param>
    public static Task SucceedAsync<T>(HttpContext http, T result, JsonTypeInfo<T> type, string? note = null)
        where T : class =>
        WriteAsync(http, Envelope.Success, note, null, result, type);

    /// <summary>A success whose result goes on as the sandbox gave it.</summary>
    public static async Task PassAsync(HttpContext http, PassedAnswer result)
    {
        var output = http.Response.BodyWriter;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = BeforeResult.Length + result.Length + AfterResult.Length;
        output.Write(BeforeResult);
        await result.WriteAsync(output, http.RequestAborted);
        output.Write(AfterResult);
        await output.FlushAsync(http.RequestAborted);
    }

    public static Task SucceedWithNothingAsync(HttpContext http) => SucceedWithNothingAsync(http, note: null);

    /// <param name="note">As above.</param>
    public static Task SucceedWithNothingAsync(HttpContext http, string? note) =>
        WriteAsync<string>(http, Envelope.Success, note, null, null, null);

    /// <summary>A failure without a result.</summary>
    /// <param name="isOurs">The server's own, and not that of what was asked for.</param>
    public static Task FailAsync(HttpContext http, string? message, string error, bool isOurs = false)
    {
        ApiTelemetry.Failed(http, isOurs);
        return WriteAsync<string>(http, Envelope.Failed, message, error, null, null);
    }

    public static Task FailAsync<T>(HttpContext http, string? message, string error, T result, JsonTypeInfo<T> type, bool isOurs = false)
        where T : class
    {
        ApiTelemetry.Failed(http, isOurs);
        return WriteAsync(http, Envelope.Failed, message, error, result, type);
    }

    /// <summary>A known error on a route whose failures are the bare triple.</summary>
    public static Task FailAsync(HttpContext http, string failureMessage, SandboxError error) =>
        FailAsync(
            http, failureMessage, error, static (code, reason) => new FailureResult(code, null, reason), RockJson.Default.FailureResult);

    /// <summary>A known error, projected onto the result type of the route. A sandbox that does not run or does not answer
    /// has no result at all, and neither has a server that has no room.</summary>
    public static Task FailAsync<T>(
        HttpContext http, string failureMessage, SandboxError error, Func<int, string, T> project, JsonTypeInfo<T> type)
        where T : class
    {
        if (error is SandboxError.QuotaExceeded { RetryAfter: { } wait })
        {
            http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        if (error is SandboxError.Overloaded)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers.RetryAfter = "1";
        }

        return error is SandboxError.NotStarted or SandboxError.AgentUnreachable or SandboxError.Overloaded
            ? FailAsync(http, failureMessage, error.Text, isOurs: error is not SandboxError.NotStarted)
            : FailAsync(
                http, failureMessage, error.Text, project(CodeOf(error), error.Text), type, isOurs: CodeOf(error) == RockCodes.Internal);
    }

    /// <summary>What the caller can change is a bad request; what the server lacks or failed at is internal.</summary>
    public static int CodeOf(SandboxError error) =>
        error is SandboxError.StartFailed or SandboxError.NoCapacity or SandboxError.NodeNameTaken
            ? RockCodes.Internal : RockCodes.BadRequest;

    private static Task WriteAsync<T>(HttpContext http, string status, string? message, string? error, T? result, JsonTypeInfo<T>? type)
        where T : class =>
        JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("status", status);
            writer.WriteString("message", message);
            writer.WriteString("error", error);
            writer.WritePropertyName("result");
            if (result is null || type is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                JsonSerializer.Serialize(writer, result, type);
            }

            writer.WriteEndObject();
        });
}
