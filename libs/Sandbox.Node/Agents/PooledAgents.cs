using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Agents;

/// <summary>The addresses where the agents of pods taken from a pool listen: known only once the cluster has chosen the pod, and told by
/// the deployment that learns it.</summary>
public sealed class PooledAgents
{
    /// <summary>Entry of a spec's extended parameters that names its pool.</summary>
    public const string PoolName = "pool_name";

    private readonly ConcurrentDictionary<IncarnationId, TaskCompletionSource<PooledAgent>> _agents = new();

    public static bool IsPooled(SandboxSpec spec) =>
        spec.Deployment is DeploymentKind.Kubernetes && spec.ExtendedParams.ContainsKey(PoolName);

    /// <summary>The pod is chosen; the first address counts.</summary>
    public void Tell(IncarnationId incarnation, PooledAgent agent) => Of(incarnation).TrySetResult(agent);

    internal Task<PooledAgent> WhenToldAsync(IncarnationId incarnation) => Of(incarnation).Task;

    internal PooledAgent? Find(IncarnationId incarnation) =>
        _agents.TryGetValue(incarnation, out var told) && told.Task.IsCompletedSuccessfully ? told.Task.Result : null;

    internal void Forget(IncarnationId incarnation) => _agents.TryRemove(incarnation, out _);

    private TaskCompletionSource<PooledAgent> Of(IncarnationId incarnation) =>
        _agents.GetOrAdd(incarnation, _ => new TaskCompletionSource<PooledAgent>(TaskCreationOptions.RunContinuationsAsynchronously));
}

/// <param name="Token">The pool's; agents there listen, and demand it of the first init.</param>
public sealed record PooledAgent(RemoteAgent Address, string Token)
{
    public override string ToString() => $"agent at {Address.Host}:{Address.Port}";
}
