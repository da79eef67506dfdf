using System.Diagnostics.Metrics;
using System.Numerics;
using Prometheus;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// The process's own counters as counters. The library's meter adapter tells each of them as a gauge, for a meter that is
/// made anew begins at zero; ours live as long as their process, whose restart Prometheus knows of a counter.
/// </summary>
internal sealed class PrometheusCounters : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly IMetricFactory _metrics;

    public PrometheusCounters(CollectorRegistry registry, IMetricFactory metrics, Func<Instrument, bool> isShown)
    {
        _metrics = metrics;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (isShown(instrument) && IsCounter(instrument))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        Take<byte>();
        Take<short>();
        Take<int>();
        Take<long>();
        Take<float>();
        Take<double>();
        Take<decimal>();
        _listener.Start();
        registry.AddBeforeCollectCallback(_listener.RecordObservableInstruments);
    }

    public static bool IsCounter(Instrument instrument) =>
        IsA(instrument, typeof(Counter<>)) || IsA(instrument, typeof(ObservableCounter<>));

    public void Dispose() => _listener.Dispose();

    private static bool IsA(Instrument instrument, Type kind) =>
        instrument.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == kind;

    private void Take<T>()
        where T : struct, INumber<T> =>
        _listener.SetMeasurementEventCallback<T>((instrument, value, tags, _) =>
        {
            var counter = Find(instrument, tags);
            if (instrument.IsObservable)
            {
                counter.IncTo(double.CreateChecked(value));
            }
            else
            {
                counter.Inc(double.CreateChecked(value));
            }
        });

    /// <summary>Labels in the order of their names: the caller that counts may give them in any.</summary>
    private Counter.Child Find(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = tags.ToArray().OrderBy(tag => tag.Key, StringComparer.Ordinal).ToArray();
        return _metrics
            .CreateCounter(NameOf(instrument), instrument.Description ?? instrument.Name, [.. labels.Select(label => Spell(label.Key))])
            .WithLabels([.. labels.Select(label => label.Value?.ToString() ?? "")]);
    }

    private static string NameOf(Instrument instrument) => Spell($"{instrument.Meter.Name}.{instrument.Name}.total");

    private static string Spell(string name) => name.ToLowerInvariant().Replace('.', '_').Replace('-', '_');
}
