using System.Diagnostics.Metrics;
using System.Numerics;
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
        meter.CreateObservableGauge<double>(
            "capacity.cpus", () => Bounded(reservations.Whole.Cpus), unit: null, description: "CPUs that sandboxes may take together.");
        meter.CreateObservableGauge<long>(
            "capacity.memory.bytes", () => Bounded(reservations.Whole.MemoryBytes), unit: "By",
            description: "Memory that sandboxes may take together.");
        meter.CreateObservableGauge("able", () => Flag(health.Unavailable is null), description: "1: this node can run sandboxes now.");
        meter.CreateObservableGauge(
            "member", () => Flag(lease.Current is not null), description: "1: this node holds the lease of its name.");
        meter.CreateObservableGauge("draining", () => Flag(lease.IsDraining), description: "1: this node takes no new sandboxes.");
        meter.CreateObservableGauge("head", () => Flag(head.Current is not null), description: "1: this node is the head of the cluster.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Nothing for a node without a bound, as one of pods is: the largest number there is would make any sum of nodes look
    /// empty.</summary>
    private static Measurement<T>[] Bounded<T>(T whole)
        where T : struct, IMinMaxValue<T>, IEquatable<T> => whole.Equals(T.MaxValue) ? [] : [new Measurement<T>(whole)];

    private static int Flag(bool isSet) => isSet ? 1 : 0;
}
