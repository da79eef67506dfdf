using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Sandbox.Api.Http;
using Sandbox.Contracts.E2b;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.E2b;

/// <summary>How the E2B API answers: JSON, nothing at all, or a failure whose body has the status, too.</summary>
internal static class E2bAnswers
{
    public static Task WriteAsync<T>(HttpContext http, int status, T value, JsonTypeInfo<T> type)
    {
        http.Response.StatusCode = status;
        return JsonAnswer.WriteAsync(http, writer => JsonSerializer.Serialize(writer, value, type));
    }

    public static Task WriteNothingAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    public static Task WriteErrorAsync(HttpContext http, int status, string message) =>
        WriteAsync(http, status, new E2bError(status, message), E2bJson.Default.E2bError);

    public static Task WriteErrorAsync(HttpContext http, SandboxError error)
    {
        var wait = error switch
        {
            SandboxError.QuotaExceeded { RetryAfter: { } told } => told,
            SandboxError.Overloaded => TimeSpan.FromSeconds(1),
            _ => TimeSpan.Zero,
        };
        if (wait > TimeSpan.Zero)
        {
            http.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return WriteErrorAsync(http, StatusOf(error), error.Text);
    }

    private static int StatusOf(SandboxError error) => error switch
    {
        SandboxError.NotFound or SandboxError.NotStarted => StatusCodes.Status404NotFound,
        SandboxError.BadId or SandboxError.BadSpec => StatusCodes.Status400BadRequest,
        SandboxError.Forbidden => StatusCodes.Status403Forbidden,
        SandboxError.QuotaExceeded => StatusCodes.Status429TooManyRequests,
        SandboxError.Unsupported => StatusCodes.Status501NotImplemented,
        SandboxError.IdInUse or SandboxError.WrongState or SandboxError.ChangedMeanwhile => StatusCodes.Status409Conflict,
        SandboxError.NoCapacity or SandboxError.DockerUnavailable or SandboxError.AgentUnreachable or SandboxError.Overloaded =>
            StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };
}
