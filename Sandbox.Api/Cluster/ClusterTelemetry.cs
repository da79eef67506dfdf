using System.Diagnostics.Metrics;
using Sandbox.Api.Http;

namespace Sandbox.Api.Cluster;

/// <summary>How many nodes this API knows in which state, asked when a metrics reader looks.</summary>
internal sealed class ClusterTelemetry(IMeterFactory meters, NodeDirectory nodes) : IHostedService
{
    private static readonly string[] States = ["alive", "suspect", "dead", "left"];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        meters.Create(ApiTelemetry.Name)
            .CreateObservableGauge("nodes", Count, description: "Nodes of the cluster as this process knows them.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Every state each time, for what is not told keeps its last number.</summary>
    private IEnumerable<Measurement<int>> Count()
    {
        var known = nodes.Known.Values.CountBy(node => node.StateName).ToDictionary();
        return States.Select(
            state => new Measurement<int>(known.GetValueOrDefault(state), new KeyValuePair<string, object?>("state", state)));
    }
}
