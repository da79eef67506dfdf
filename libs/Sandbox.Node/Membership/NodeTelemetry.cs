using System.Diagnostics.Metrics;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>What this node is for the cluster now, asked when somebody looks.</summary>
internal sealed class NodeTelemetry(
    IMeterFactory meters, NodeCapacityReservations rooms, NodeHealth health, NodeLease right, LeaderLease head) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create(WorkerTelemetry.Name);
        meter.CreateObservableGauge("capacity.cpus", () => rooms.Whole.Cpus, description: "CPUs that sandboxes may take together.");
        meter.CreateObservableGauge(
            "capacity.memory.bytes", () => rooms.Whole.MemoryBytes, unit: "By", description: "Memory that sandboxes may take together.");
        meter.CreateObservableGauge("able", () => Flag(health.Unavailable is null), description: "1: this node can run sandboxes now.");
        meter.CreateObservableGauge(
            "member", () => Flag(right.Current is not null), description: "1: this node holds the lease of its name.");
        meter.CreateObservableGauge("draining", () => Flag(right.IsDraining), description: "1: this node takes no new sandboxes.");
        meter.CreateObservableGauge("head", () => Flag(head.Current is not null), description: "1: this node is the head of the cluster.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static int Flag(bool holds) => holds ? 1 : 0;
}
