namespace Sandbox.Testing.Telemetry;

/// <summary>One metric of an <c>ExportMetricsServiceRequest</c>, without its values.</summary>
/// <param name="Service">The process (resource attribute <c>service.name</c>).</param>
/// <param name="Meter">The meter (instrumentation scope).</param>
/// <param name="Kind">As Prometheus calls it: <c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
public sealed record ReceivedMetric(string Service, string Meter, string Name, string Unit, string Kind)
{
    // Field numbers of opentelemetry/proto/metrics/v1/metrics.proto.
    private const int Gauge = 5, Sum = 7, Histogram = 9, IsMonotonic = 3;

    internal static IEnumerable<ReceivedMetric> In(ReadOnlyMemory<byte> request) =>
        from resource in ProtoMessage.Fields(request, 1)
        let service = ReceivedSpan.ServiceOf(resource)
        from scope in ProtoMessage.Fields(resource, 2)
        let meter = ReceivedSpan.Text(ProtoMessage.Fields(scope, 1), 1)
        from metric in ProtoMessage.Fields(scope, 2)
        select new ReceivedMetric(service, meter, ReceivedSpan.Text([metric], 1), ReceivedSpan.Text([metric], 3), KindOf(metric));

    private static string KindOf(ReadOnlyMemory<byte> metric)
    {
        if (ProtoMessage.Fields(metric, Histogram).Any())
        {
            return "histogram";
        }

        return ProtoMessage.Fields(metric, Gauge).Any() ? "gauge"
            : ProtoMessage.Fields(metric, Sum).Any(sum => ProtoMessage.Number(sum, IsMonotonic) == 1) ? "counter"
            : ProtoMessage.Fields(metric, Sum).Any() ? "gauge"
            : throw new InvalidDataException("a metric of a kind that nothing here sends");
    }
}
