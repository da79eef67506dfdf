using Sandbox.Domain.Models;
using Sandbox.Serving.Backends;

namespace Sandbox.Api.Serving;

/// <summary>How a model is, by how its replicas are.</summary>
internal static class ModelStates
{
    public static ServeState Of(ModelRecord model)
    {
        var wanted = model.Replicas.Take(model.WantedReplicas).ToList();
        return model.IsEnding ? ServeState.Deleting
            : model.WantedReplicas == 0 ? ServeState.NotDeployed
            : wanted.Exists(replica => replica.State is ReplicaState.Running) ? ServeState.Running
            : wanted.Count == 0 || wanted.Exists(replica => replica.State is ReplicaState.Deploying) ? ServeState.Deploying
            : wanted.Exists(replica => replica.State is ReplicaState.Unhealthy) ? ServeState.Unhealthy
            : ServeState.DeployFailed;
    }

    public static ServeState Of(ModelReplica replica) => replica.State switch
    {
        ReplicaState.Running => ServeState.Running,
        ReplicaState.Unhealthy => ServeState.Unhealthy,
        ReplicaState.Failed => ServeState.DeployFailed,
        _ => ServeState.Deploying,
    };

    /// <summary>Why it is in that state; empty when there is nothing to say.</summary>
    public static string MessageOf(ModelRecord model) => Of(model) switch
    {
        ServeState.NotDeployed => "idle: its next request starts it",
        ServeState.Running => "",
        _ => model.Replicas.Find(replica => replica.Message.Length > 0)?.Message ?? "",
    };

    /// <summary>The state's word on the wire.</summary>
    public static string NameOf(ServeState state) => new ServeStatus(state, []).Status;
}
