using System.Diagnostics.Metrics;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>The metrics of what this node is for the cluster now, read when they are collected.</summary>
internal sealed class NodeTelemetry(
    IMeterFactory meters, NodeCapacityReservations reservations, NodeHealth health, NodeLease lease, LeaderLease head) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create(WorkerTelemetry.Name);
        meter.CreateObservableGauge("capacity.cpus", () => reservations.Whole.Cpus, description: "CPUs that sandboxes may take together.");
        meter.CreateObservableGauge(
            "capacity.memory.bytes", () => reservations.Whole.MemoryBytes, unit: "By",
            description: "Memory that sandboxes may take together.");
        meter.CreateObservableGauge("able", () => Flag(health.Unavailable is null), description: "1: this node can run sandboxes now.");
        meter.CreateObservableGauge(
            "member", () => Flag(lease.Current is not null), description: "1: this node holds the lease of its name.");
        meter.CreateObservableGauge("draining", () => Flag(lease.IsDraining), description: "1: this node takes no new sandboxes.");
        meter.CreateObservableGauge("head", () => Flag(head.Current is not null), description: "1: this node is the head of the cluster.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static int Flag(bool isSet) => isSet ? 1 : 0;
}
