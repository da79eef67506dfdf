using System.Diagnostics;

namespace Sandbox.Serving.Backends;

/// <summary>An expected failure, for a program by its code and for a person by its message.</summary>
public sealed record ServingFailure(ServingError Error, string Message)
{
    /// <summary>The code that clients know. They call the cluster "ray".</summary>
    public string Code => Error switch
    {
        ServingError.RuntimeNotInstalled => "ray_not_installed",
        ServingError.RuntimeInitializationFailed => "ray_init_failed",
        ServingError.NoEngineSpecified => "no_engine_specified",
        ServingError.InvalidEngine => "invalid_engine",
        ServingError.InvalidConfiguration => "invalid_config",
        ServingError.AlreadyRunning => "already_running",
        ServingError.StartFailed => "start_failed",
        ServingError.EngineFailed => "engine_failed",
        ServingError.Timeout => "timeout",
        _ => throw new UnreachableException(Error.ToString()),
    };
}
