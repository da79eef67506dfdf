using Microsoft.Extensions.Options;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Membership;

/// <summary>What this node tells the cluster of itself: its facts when it registers, its load with each heartbeat.</summary>
internal sealed class NodeReport(
    NodeIdentity node, NodeAddress address, NodeCapacityReservations reservations, NodeHealth health, AgentGateway gateway,
    IHostApplicationLifetime lifetime, IOptions<NodeOptions> options)
{
    public NodeFacts Facts() => new(
        node.Name, address.Find(), node.Address, reservations.Whole, options.Value.Labels.AsReadOnly(), health.Kinds,
        typeof(NodeReport).Assembly.GetName().Version?.ToString(3) ?? "");

    public NodeLoad Load() => new(reservations.Free, gateway.Registered.Count, health.Unavailable)
    {
        Leaving = lifetime.ApplicationStopping.IsCancellationRequested,
    };
}
