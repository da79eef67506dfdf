using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sandbox.Benchmarks.Servers;
using Sandbox.Contracts.Ids;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>
/// Commands on a server that sends traces and metrics and shows them to Prometheus, beside a server that does neither: the
/// same callers turn from one to the other and back, so that both meet the machine as it is.
/// </summary>
internal static class TelemetryCost
{
    private const int Rounds = 24;
    private const int Callers = 8;

    /// <summary>Turns that do not count: until both programs are compiled as they stay.</summary>
    private const int Warm = 16;
    private const double LeastShare = 0.95;

    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(Bench bench)
    {
        await using var sink = new Sink();
        await using var quiet = await ServerProcess.StartAsync(bench.Root, "docker");
        await using var telling = await ServerProcess.StartAsync(
            bench.Root, "docker", ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.Address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("SANDBOX_Internal__Listen", "127.0.0.1:0"));
        var (off, on) = (bench.On(quiet), bench.On(telling));
        try
        {
            await MeasureAsync(bench, off, on, sink);
        }
        finally
        {
            await Task.WhenAll(off.RemoveAllAsync(), on.RemoveAllAsync());
        }
    }

    private static async Task MeasureAsync(Bench bench, Bench off, Bench on, Sink sink)
    {
        var (silent, told) = (await off.StartAsync(), await on.StartAsync());
        for (var turn = 0; turn < Warm; turn++)
        {
            await RateAsync(off, silent);
            await RateAsync(on, told);
        }

        var (without, with) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            // Who is first changes, for the second turn meets what the first left to be done.
            var isOffFirst = round % 2 == 0;
            if (isOffFirst)
            {
                without.Add(await RateAsync(off, silent));
            }

            with.Add(await RateAsync(on, told));
            if (!isOffFirst)
            {
                without.Add(await RateAsync(off, silent));
            }
        }

        if (sink.Received == 0)
        {
            throw new InvalidOperationException("the server with telemetry has sent nothing");
        }

        var share = with.Sum() / without.Sum();
        bench.Add(Row.AtLeastAs(
            "execs/s with telemetry on, share of those without", share, "×", LeastShare,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{with.Average():0}/s and {without.Average():0}/s, {Callers} callers, {Rounds} turns of {Turn.TotalSeconds} s each; "
                    + $"{sink.Received / 1024} KiB of spans and metrics; log level Warning for both")));
    }

    private static async Task<double> RateAsync(Bench server, SandboxId id)
    {
        var begin = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            var count = 0;
            for (; Stopwatch.GetElapsedTime(begin) < Turn; count++)
            {
                await server.ExecuteTrueAsync(id);
            }

            return count;
        }));
        return counts.Sum() / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>Takes what is sent over OTLP, and forgets it.</summary>
    private sealed class Sink : IAsyncDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;
        private long _received;

        public Sink()
        {
            using var free = new TcpListener(IPAddress.Loopback, 0);
            free.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            free.Stop();
            _listener.Prefixes.Add(Address);
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Address { get; }

        /// <summary>Bytes.</summary>
        public long Received => Interlocked.Read(ref _received);

        public async ValueTask DisposeAsync()
        {
            _listener.Close();
            await _serving;
        }

        private async Task ServeAsync()
        {
            var buffer = new byte[64 * 1024];
            while (true)
            {
                try
                {
                    var context = await _listener.GetContextAsync();
                    int count;
                    while ((count = await context.Request.InputStream.ReadAsync(buffer)) > 0)
                    {
                        Interlocked.Add(ref _received, count);
                    }

                    context.Response.ContentType = "application/x-protobuf";
                    context.Response.Close();
                }
                catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or IOException)
                {
                    if (!_listener.IsListening)
                    {
                        return;
                    }
                }
            }
        }
    }
}
