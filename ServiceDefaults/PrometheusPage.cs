using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Prometheus;

namespace Microsoft.Extensions.Hosting;

/// <summary>
/// The process's own meters, and the process itself, as Prometheus reads them: in a registry of our own, for the library's
/// default one listens to everything that there is. The library's adapter knows no counters and tells them as gauges; they
/// therefore end in no <c>_total</c>.
/// </summary>
internal sealed class PrometheusPage : IDisposable
{
    /// <summary>A number that nobody touched for so long is forgotten; the library allows no more.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(1);

    private readonly CollectorRegistry _registry = Metrics.NewCustomRegistry();
    private readonly IDisposable _adapter;

    public PrometheusPage()
    {
        DotNetStats.Register(_registry);
        _adapter = MeterAdapter.StartListening(new MeterAdapterOptions
        {
            Registry = _registry,
            MetricFactory = Metrics.WithCustomRegistry(_registry),
            InstrumentFilterPredicate = IsShown,
            ResolveHistogramBuckets = static instrument => instrument is Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } ? [.. bounds] : Histogram.ExponentialBuckets(0.001, 4, 10),
            MetricsExpireAfter = Kept,
        });
    }

    /// <summary>Of the database's driver only how long its commands took: the names of the rest are not in Prometheus' style.</summary>
    private static bool IsShown(Instrument instrument) =>
        Extensions.IsOurs(instrument.Meter.Name) || instrument is { Meter.Name: Extensions.DatabaseMeter, Name: "db.client.operation.duration" };

    /// <summary>The adapter begins to listen with the first look at its registry.</summary>
    public Task BeginAsync(CancellationToken cancellationToken) => _registry.CollectAndExportAsTextAsync(Stream.Null, cancellationToken);

    public async Task WriteAsync(HttpContext http)
    {
        http.Response.ContentType = PrometheusConstants.TextContentTypeWithVersionAndEncoding;
        await _registry.CollectAndExportAsTextAsync(http.Response.Body, http.RequestAborted);
    }

    public void Dispose() => _adapter.Dispose();
}
