using System.Diagnostics.Metrics;
using Sandbox.Testing.Postgres;

namespace Sandbox.Kubernetes.Tests.Running;

public sealed class NodeMetricsTests : KubeTest
{
    [NeedsPostgresFact]
    public async Task Capacity_OfANodeOfPods_IsInNoMetric()
    {
        var host = await StartAsync();
        var meters = host.Get<IMeterFactory>();
        var told = new HashSet<string>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.IsObservable && ReferenceEquals(instrument.Meter.Scope, meters))
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, _, _) => told.Add(instrument.Name));
        listener.SetMeasurementEventCallback<long>((instrument, _, _, _) => told.Add(instrument.Name));
        listener.Start();

        listener.RecordObservableInstruments();

        Assert.Contains("reserved.cpus", told);
        Assert.True(
            !told.Any(name => name.StartsWith("capacity.", StringComparison.Ordinal)),
            $"pods have no bound that this node knows, so no capacity was to be told; told were {string.Join(", ", told)}");
    }
}
