using Sandbox.Api.Caching;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>
/// The gateway to agents on other machines: through the worker of the node that the record names. A call reads memory only;
/// where that has become wrong, the worker says so and the record is read again.
/// </summary>
internal sealed class ClusterAgentGateway(
    SandboxRecordCache sandboxes, NodeDirectory nodes, NodeConnectionPool connections, TimeProvider time)
    : IAgentGateway
{
    /// <summary>How long a call waits for a node that is just being restarted. One that said that it leaves is waited for until its
    /// sandboxes are called lost (<see cref="NodeView.MayReturn"/>).</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    public ValueTask<Result<AgentCall>> OpenAsync(SandboxId id, CancellationToken cancellationToken) =>
        sandboxes.Find(id) is { State: SandboxState.Running, Node: { } name } sandbox
        && nodes.Known.TryGetValue(name, out var node) && node.TakesCalls
            ? ValueTask.FromResult<Result<AgentCall>>(CallOf(new ReachedNode(sandbox, node)))
            : new ValueTask<Result<AgentCall>>(OpenSlowlyAsync(id, cancellationToken));

    /// <summary>The record as it is now and its node, waited for a moment if that is just away. <see cref="SandboxError"/>
    /// otherwise.</summary>
    public async Task<Result<ReachedNode>> ReachAsync(SandboxId id, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        await nodes.FirstRead.WaitAsync(cancellationToken);
        while (true)
        {
            var sandbox = await sandboxes.LookUpAsync(id, cancellationToken);
            if (!NodeOf(id, sandbox).TryGet(out var name, out var error))
            {
                return error;
            }

            var known = nodes.Known.GetValueOrDefault(name);
            if (known is { TakesCalls: true })
            {
                return new ReachedNode(sandbox!, known);
            }

            if (known is not { MayReturn: true } && (time.GetElapsedTime(begun) >= Patience || known?.Silence >= NodeView.DeadAfter))
            {
                return new SandboxError.AgentUnreachable(id, WhyNot(name, known));
            }

            await Task.Delay(LookEvery, time, cancellationToken);
            await nodes.RefreshAsync(cancellationToken);
        }
    }

    /// <summary>What was believed of it turned out to be wrong.</summary>
    public void Forget(KnownSandbox sandbox) => sandboxes.Forget(sandbox);

    /// <inheritdoc cref="NodeConnectionPool.SendAsync"/>
    public Task<HttpResponseMessage> SendAsync(NodeView node, HttpRequestMessage request, CancellationToken cancellationToken) =>
        connections.SendAsync(node, request, cancellationToken);

    /// <inheritdoc cref="NodeConnectionPool.Retire"/>
    public void RetireConnection(NodeView node) => connections.Retire(node.Facts.Name);

    public Task RefreshNodesAsync(CancellationToken cancellationToken) => nodes.RefreshAsync(cancellationToken);

    public static Uri AddressOf(ReachedNode reached) =>
        new(reached.Node.Facts.Address, NodeApiRoutes.ToAgent(reached.Sandbox.Id, reached.Sandbox.Incarnation));

    private static Result<string> NodeOf(SandboxId id, KnownSandbox? sandbox) => sandbox switch
    {
        null or { State: SandboxState.Deleted } => new SandboxError.NotFound(id.ToString()),
        { State: not SandboxState.Running } => new SandboxError.NotStarted(id, sandbox.State.Name()),
        { Node: null } => new SandboxError.AgentUnreachable(id, "its record names no node"),
        { Node: { } node } => node,
    };

    private static string WhyNot(string name, NodeView? known) => known switch
    {
        null => $"its node {name} is not part of the cluster",
        { Left: true } => $"its node {name} has left the cluster",
        { Load.Leaving: true, IsDead: false } => $"its node {name} is being ended",
        _ => $"its node {name} is silent for {known.Silence.TotalSeconds:0} s",
    };

    private async Task<Result<AgentCall>> OpenSlowlyAsync(SandboxId id, CancellationToken cancellationToken) =>
        (await ReachAsync(id, cancellationToken)).TryGet(out var reached, out var error) ? CallOf(reached) : error;

    private AgentCall CallOf(ReachedNode reached)
    {
        var invoker = new HttpMessageInvoker(new NodeApiHandler(this, reached, time), disposeHandler: false);
        return new AgentCall(invoker, AddressOf(reached), static () => { });
    }
}

/// <param name="Node">As it was known when it was looked up.</param>
internal sealed record ReachedNode(KnownSandbox Sandbox, NodeView Node);
