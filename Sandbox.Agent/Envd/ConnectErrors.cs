using Sandbox.Agent.Http;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>Errors of the Connect protocol: a code word, and its HTTP status for unary calls.</summary>
internal static class ConnectErrors
{
    internal static ConnectError InvalidArgument(string message) => new("invalid_argument", message);

    internal static ConnectError NotFound(string message) => new("not_found", message);

    internal static ConnectError AlreadyExists(string message) => new("already_exists", message);

    internal static ConnectError PermissionDenied(string message) => new("permission_denied", message);

    internal static ConnectError FailedPrecondition(string message) => new("failed_precondition", message);

    internal static ConnectError ResourceExhausted(string message) => new("resource_exhausted", message);

    internal static ConnectError Unauthenticated(string message) => new("unauthenticated", message);

    internal static ConnectError Internal(string message) => new("internal", message);

    /// <summary>A command that is not there is <c>not_found</c> (a shell's 127), one that cannot be run <c>permission_denied</c>
    /// (126); a missing folder is <c>invalid_argument</c>.</summary>
    internal static ConnectError From(SpawnError error) => error.Kind switch
    {
        SpawnFailure.CommandNotFound => NotFound(error.Message),
        SpawnFailure.NotExecutable => PermissionDenied(error.Message),
        SpawnFailure.UserUnavailable => Unauthenticated(error.Message),
        SpawnFailure.OutOfResources => ResourceExhausted(error.Message),
        _ => InvalidArgument(error.Message),
    };

    internal static Task WriteErrorAsync(this HttpContext context, ConnectError error) =>
        context.WriteJsonAsync(error, EnvdJson.Default.ConnectError, StatusOf(error.Code));

    private static int StatusOf(string code) => code switch
    {
        "invalid_argument" or "failed_precondition" => StatusCodes.Status400BadRequest,
        "unauthenticated" => StatusCodes.Status401Unauthorized,
        "permission_denied" => StatusCodes.Status403Forbidden,
        "not_found" => StatusCodes.Status404NotFound,
        "already_exists" => StatusCodes.Status409Conflict,
        "resource_exhausted" => StatusCodes.Status429TooManyRequests,
        "unimplemented" => StatusCodes.Status501NotImplemented,
        "unavailable" => StatusCodes.Status503ServiceUnavailable,
        "deadline_exceeded" => StatusCodes.Status504GatewayTimeout,
        _ => StatusCodes.Status500InternalServerError,
    };
}
