using System.Diagnostics.Metrics;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;

namespace Sandbox.Node;

/// <summary>The metrics of what runs on this node now, read when they are collected.</summary>
internal sealed class LoadTelemetry(IMeterFactory meters, AgentGateway gateway) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var meter = meters.Create(WorkerTelemetry.Name);
        meter.CreateObservableGauge("sandboxes", () => gateway.Registered.Count, description: "Sandboxes that run on this node.");
        meter.CreateObservableGauge(
            "reserved.cpus", () => Reserved(demand => demand.Cpus), description: "CPUs that its sandboxes may take.");
        meter.CreateObservableGauge(
            "reserved.memory.bytes", () =>
                Reserved(demand => demand.MemoryBytes), unit: "By", description: "Memory that its sandboxes may take.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private double Reserved(Func<NodeCapacity, double> part) =>
        gateway.Registered.Sum(sandbox => part(NodeCapacity.DemandOf(sandbox.Spec)));
}
