using System.Collections.Concurrent;
using System.Net;
using Sandbox.Testing.Clusters;

namespace Sandbox.Testing.Telemetry;

/// <summary>Takes what processes send over OTLP (HTTP, protobuf), and keeps the spans and which metrics there are.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentDictionary<ReceivedMetric, bool> _metrics = new();
    private readonly ConcurrentDictionary<string, int> _posts = new();
    private readonly Task _serving;

    private OtlpReceiver(Uri address)
    {
        Address = address;
        _listener.Prefixes.Add(address.AbsoluteUri);
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    public IReadOnlyList<ReceivedSpan> Spans => [.. _spans];

    /// <summary>Each metric once, however often it came.</summary>
    public IReadOnlyCollection<ReceivedMetric> Metrics => [.. _metrics.Keys];

    /// <summary>How many exports came to this path, for example <c>/v1/logs</c>.</summary>
    public int PostsTo(string path) => _posts.GetValueOrDefault(path);

    /// <summary>What makes a process send here, without waiting for its batches to fill.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address.AbsoluteUri,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    public static OtlpReceiver Start()
    {
        return new OtlpReceiver(new Uri($"http://127.0.0.1:{ReservedPorts.Next()}/"));
    }

    /// <summary>Waits until the spans of a trace are as expected; all of them.</summary>
    public async Task<IReadOnlyList<ReceivedSpan>> UntilAsync(string trace, Func<IReadOnlyList<ReceivedSpan>, bool> expected, string what)
    {
        IReadOnlyList<ReceivedSpan> seen = [];
        await Wait.UntilAsync(
            () =>
            {
                seen = [.. _spans.Where(span => span.TraceId == trace)];
                return Task.FromResult(expected(seen));
            },
            () => $"trace {trace} was to have {what}; it has {Text(seen)}");
        return seen;
    }

    public static string Text(IEnumerable<ReceivedSpan> spans) =>
        string.Join("; ", spans.Select(span => $"{span.Service}/{span.Source}: {span.Name}"));

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            await TakeAsync(context);
        }
    }

    private async Task TakeAsync(HttpListenerContext context)
    {
        var body = new MemoryStream();
        try
        {
            await context.Request.InputStream.CopyToAsync(body);
            var path = context.Request.Url!.AbsolutePath;
            if (path == "/v1/traces")
            {
                foreach (var span in ReceivedSpan.In(body.ToArray()))
                {
                    _spans.Enqueue(span);
                }
            }

            foreach (var metric in path == "/v1/metrics" ? ReceivedMetric.In(body.ToArray()) : [])
            {
                _metrics.TryAdd(metric, true);
            }

            _posts.AddOrUpdate(path, 1, (_, count) => count + 1);
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }
        catch (Exception exception) when (exception is HttpListenerException or IOException or ObjectDisposedException)
        {
            // The process was killed while it was sending.
        }
    }
}
