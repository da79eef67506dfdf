using System.Text;

namespace Sandbox.Testing.Telemetry;

/// <summary>One span of an <c>ExportTraceServiceRequest</c>.</summary>
/// <param name="Service">The process (resource attribute <c>service.name</c>).</param>
/// <param name="Source">The activity source (instrumentation scope).</param>
/// <param name="Begin">Nanoseconds since 1970.</param>
/// <param name="End">The same.</param>
public sealed record ReceivedSpan(
    string Service, string Source, string Name, string TraceId, string SpanId, string ParentId, ulong Begin, ulong End)
{
    // Field numbers of opentelemetry/proto/trace/v1/trace.proto and resource.proto.
    internal static IEnumerable<ReceivedSpan> In(ReadOnlyMemory<byte> request) =>
        from resource in Fields(request, 1)
        let service = ServiceOf(resource)
        from scope in Fields(resource, 2)
        let source = Text(Fields(scope, 1), 1)
        from span in Fields(scope, 2)
        select new ReceivedSpan(
            service, source, Text([span], 5), Hex(span, 1), Hex(span, 2), Hex(span, 4), ProtoMessage.Fixed(span, 7),
            ProtoMessage.Fixed(span, 8));

    internal static string ServiceOf(ReadOnlyMemory<byte> resource) => (
        from attributes in Fields(resource, 1)
        from attribute in Fields(attributes, 1)
        where Text([attribute], 1) == "service.name"
        select Text(Fields(attribute, 2), 1)).FirstOrDefault("");

    private static IEnumerable<ReadOnlyMemory<byte>> Fields(ReadOnlyMemory<byte> message, int number) =>
        ProtoMessage.Fields(message, number);

    internal static string Text(IEnumerable<ReadOnlyMemory<byte>> messages, int number) =>
        messages.SelectMany(message => Fields(message, number)).Select(text => Encoding.UTF8.GetString(text.Span)).FirstOrDefault("");

    private static string Hex(ReadOnlyMemory<byte> message, int number) =>
        Fields(message, number).Select(bytes => Convert.ToHexStringLower(bytes.Span)).FirstOrDefault("");
}
