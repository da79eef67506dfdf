using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Reconciliation;

/// <summary>The activity of this node's own sandboxes: the latest of what this process and the agent know; a call in flight
/// is activity now. An agent is code in its sandbox and may say what keeps it running, so its word counts only for a time after the
/// last call.</summary>
internal sealed class NodeActivities(AgentGateway gateway, IOptions<LifecycleOptions> options, TimeProvider time) : IActivities
{
    public async Task<DateTimeOffset?> LastAsync(SandboxInstance running, CancellationToken cancellationToken) =>
        await LastAsync(running.Id, running.Incarnation, cancellationToken);

    public async Task<DateTimeOffset> LastAsync(SandboxId id, IncarnationId incarnation, CancellationToken cancellationToken)
    {
        if (gateway.Find(id) is not { } agent || agent.Sandbox.Incarnation != incarnation)
        {
            return DateTimeOffset.MinValue;
        }

        var now = time.GetUtcNow();
        if (agent.IsCalled)
        {
            return now;
        }

        var byAgent = agent.Link.IsConnected && (await agent.Link.StatusAsync(cancellationToken)).TryGet(out var status, out _)
            ? status.CallsInFlight > 0
                ? now : now - TimeSpan.FromMilliseconds(Math.Clamp(status.IdleMilliseconds, 0, long.MaxValue / TimeSpan.TicksPerDay))
            : DateTimeOffset.MinValue;
        var (called, latest) = (agent.LastActivity, agent.LastActivity + options.Value.MaxUncalledActivity);
        return byAgent <= called ? called : byAgent < latest ? byAgent : latest;
    }
}
