namespace Sandbox.Domain.Models;

/// <summary>How a replica of a model is.</summary>
public enum ReplicaState
{
    /// <summary>Its sandbox is placed, or its engine starts and is not ready yet.</summary>
    Deploying,

    /// <summary>It gets requests.</summary>
    Running,

    /// <summary>It was ready and does not answer now.</summary>
    Unhealthy,

    /// <summary>It did not start or has ended, and is tried again after a pause.</summary>
    Failed,
}
