using Sandbox.Agent.Files;
using Sandbox.Agent.Http;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Envd;

/// <summary>The failures of the files core in the two languages of envd: Connect's code words and the statuses of its plain
/// routes.</summary>
internal static class FileErrors
{
    public static ConnectError ToConnect(FileFailure failure) => failure.Kind switch
    {
        FileFailureKind.InvalidPath or FileFailureKind.IsDirectory or FileFailureKind.NotDirectory =>
            ConnectErrors.InvalidArgument(failure.Message),
        FileFailureKind.NotFound => ConnectErrors.NotFound(failure.Message),
        FileFailureKind.AlreadyExists => ConnectErrors.AlreadyExists(failure.Message),
        FileFailureKind.NoSpace or FileFailureKind.TooLarge => ConnectErrors.ResourceExhausted(failure.Message),
        FileFailureKind.Denied => ConnectErrors.PermissionDenied(failure.Message),
        _ => ConnectErrors.Internal(failure.Message),
    };

    public static int ToStatus(FileFailure failure) => failure.Kind switch
    {
        FileFailureKind.NotFound => StatusCodes.Status404NotFound,
        FileFailureKind.NoSpace => StatusCodes.Status507InsufficientStorage,
        FileFailureKind.Denied => StatusCodes.Status403Forbidden,
        FileFailureKind.InvalidPath or FileFailureKind.IsDirectory or FileFailureKind.NotDirectory or FileFailureKind.AlreadyExists =>
            StatusCodes.Status400BadRequest,
        _ => StatusCodes.Status500InternalServerError,
    };

    public static Task WritePlainErrorAsync(this HttpContext context, int status, string message) =>
        context.WriteJsonAsync(new EnvdError(status, message), EnvdJson.Default.EnvdError, status);
}
