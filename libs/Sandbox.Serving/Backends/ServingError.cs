namespace Sandbox.Serving.Backends;

/// <summary>Why a call of a <see cref="ServeBackend"/> did not do what it was asked.</summary>
public enum ServingError
{
    /// <summary>The program of a cluster is not on this machine.</summary>
    RuntimeNotInstalled,

    /// <summary>No cluster was reached or started.</summary>
    RuntimeInitializationFailed,

    /// <summary>No engine was named, and there is no default.</summary>
    NoEngineSpecified,

    /// <summary>There is no engine of that name.</summary>
    InvalidEngine,

    /// <summary>The engine does not take that configuration.</summary>
    InvalidConfiguration,

    /// <summary>A model is served already.</summary>
    AlreadyRunning,

    /// <summary>The engine did not start.</summary>
    StartFailed,

    /// <summary>The engine started, and ended before it was ready.</summary>
    EngineFailed,

    /// <summary>It was not ready in time.</summary>
    Timeout,
}
