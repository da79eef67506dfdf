using System.Collections.Immutable;
using System.Diagnostics;

namespace Sandbox.Serving.Backends;

/// <summary>What a <see cref="ServeBackend"/> serves.</summary>
/// <param name="Message">Why nothing is known; empty otherwise.</param>
public sealed record ServeStatus(ServeState State, ImmutableArray<EngineReplica> Deployments, string Message = "")
{
    public bool Running => State is ServeState.Running;

    /// <summary>The word that clients know. They call the cluster "ray".</summary>
    public string Status => State switch
    {
        ServeState.RuntimeNotAvailable => "ray_not_available",
        ServeState.NotInitialized => "ray_not_initialized",
        ServeState.NotDeployed => "not_deployed",
        ServeState.Deploying => "deploying",
        ServeState.Running => "running",
        ServeState.Unhealthy => "unhealthy",
        ServeState.DeployFailed => "deploy_failed",
        ServeState.Deleting => "deleting",
        ServeState.Error => "error",
        _ => throw new UnreachableException(State.ToString()),
    };
}
