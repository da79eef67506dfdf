using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Rollouts;

/// <summary>A machine as the cluster and the inventory know it.</summary>
/// <param name="Node">Null: it never registered with the cluster.</param>
/// <param name="Ip">Where it is reached.</param>
/// <param name="Sandboxes">Those that run there, as far as the caller may know of them.</param>
internal sealed record NodeState(string Name, NodeView? Node, string Ip, bool IsHead, IReadOnlyList<SandboxInstance> Sandboxes)
{
    public string Role => IsHead ? "head" : "worker";

    public string Status => Node is null ? "UNKNOWN" : Node.IsDead ? "OFFLINE" : "ONLINE";
}
