namespace Sandbox.Serving.Backends;

/// <summary>What is known about the served model.</summary>
public enum ServeState
{
    /// <summary>There is no cluster to be had on this machine.</summary>
    RuntimeNotAvailable,

    /// <summary>No cluster is used yet.</summary>
    NotInitialized,

    /// <summary>No model is served.</summary>
    NotDeployed,

    /// <summary>Its engine is placed or starts.</summary>
    Deploying,

    /// <summary>Its engine runs.</summary>
    Running,

    /// <summary>Its engine runs and does not answer.</summary>
    Unhealthy,

    /// <summary>Its engine did not start, or ended by itself.</summary>
    DeployFailed,

    /// <summary>Its engine is being stopped.</summary>
    Deleting,

    /// <summary>Asking failed.</summary>
    Error,
}
