using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Prometheus;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// The process's own meters, and the process itself, as Prometheus reads them: in a registry of our own, for the library's
/// default one listens to everything that there is. Counters go beside its adapter (<see cref="PrometheusCounters"/>).
/// </summary>
internal sealed class PrometheusPage : IDisposable
{
    /// <summary>A number that was not touched for so long is forgotten; the library allows no more.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly IDisposable _adapter;
    private readonly PrometheusCounters _counters;

    public PrometheusPage()
    {
        DotNetStats.Register(_registry);
        var metrics = Metrics.WithCustomRegistry(_registry);
        _counters = new PrometheusCounters(_registry, metrics, IsShown);
        _adapter = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            Registry = _registry,
            MetricFactory = metrics,
            InstrumentFilterPredicate = static instrument => IsShown(instrument) && !PrometheusCounters.IsCounter(instrument),
            ResolveHistogramBuckets = static instrument =>
                instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } ? [.. bounds]
                : Histogram.ExponentialBuckets(0.001, 4, 10),
            MetricsExpireAfter = Kept,
        });
    }

    /// <summary>Of the database's driver only how long its commands took: the names of the rest are not in Prometheus' style.</summary>
    private static bool IsShown(Instrument instrument) =>
        Extensions.IsOurs(instrument.Meter.Name)
            || instrument is { Meter.Name: Extensions.DatabaseMeter, Name: "db.client.operation.duration" };

    /// <summary>The adapter begins to listen with the first look at its registry.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => _registry.CollectAndExportAsTextAsync(Stream.Null, cancellationToken);

    public async Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        await _registry.CollectAndExportAsTextAsync(http.Response.Body, http.RequestAborted);
    }

    public void Dispose()
    {
        _counters.Dispose();
        _adapter.Dispose();
    }
}
