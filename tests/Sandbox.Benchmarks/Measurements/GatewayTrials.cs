using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Sandbox.Benchmarks.Servers;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>What a request to a model takes through the gateway, beside the same request to the engine itself: three engines on loopback
/// that answer at once. Client, engines and gateway share the processors of the machine.</summary>
internal static class GatewayTrials
{
    private const int Rate = 1000;
    private const int Rounds = 10;
    private const int FirstEvents = 1000;
    private const int AtOnce = 64;
    private const int Streams = 1000;
    private const int Engines = 3;
    private const string Route = "/v1/chat/completions";
    private static readonly TimeSpan RoundTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LoadFor = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KillAfter = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KilledFor = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(string root, Sheet sheet)
    {
        var mocks = await Task.WhenAll(Enumerable.Range(0, Engines).Select(_ => MockEngine.StartAsync()));
        var ports = Enumerable.Range(0, Engines).Select(_ => ReservedPorts.Next()).ToList();
        var echoes = ports.Select(port => StartEcho(root, port)).ToList();
        try
        {
            await using var gateway = await GatewayProcess.StartAsync(
                root, $"mock={string.Join(',', mocks.Select(mock => mock.Url))}",
                $"echo={string.Join(',', ports.Select(port => $"http://127.0.0.1:{port}"))}");
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(1) };
            var (direct, proxied) = (new Uri(new Uri(mocks[0].Url), Route), new Uri(gateway.Url, Route));
            foreach (var port in ports)
            {
                await AnswersAsync(http, new Uri($"http://127.0.0.1:{port}{Route}"), "echo");
            }

            await AnswersAsync(http, proxied, "mock");
            await CompareAsync(sheet, http, direct, proxied);
            await LoadAsync(sheet, http, direct, proxied);
            await FirstEventAsync(sheet, http, direct, proxied);
            await HeldAsync(sheet, http, proxied, gateway.Pid);
            await KillAsync(sheet, http, proxied, echoes[0]);
        }
        finally
        {
            foreach (var echo in echoes)
            {
                echo.Kill();
                await echo.WaitForExitAsync();
                echo.Dispose();
            }

            foreach (var mock in mocks)
            {
                await mock.DisposeAsync();
            }
        }
    }

    /// <summary>Second by second in turns, so that what the machine does meanwhile happens to both.</summary>
    private static async Task CompareAsync(Sheet sheet, HttpClient http, Uri direct, Uri proxied)
    {
        var (without, with) = (new List<double>(), new List<double>());
        for (var round = -1; round < Rounds; round++)
        {
            var (first, second) = (await PacedAsync(http, direct), await PacedAsync(http, proxied));
            without.AddRange(round < 0 ? [] : first);
            with.AddRange(round < 0 ? [] : second);
        }

        var (alone, through) = (new Samples(without), new Samples(with));
        var detail = $"{with.Count / (Rounds * RoundTime.TotalSeconds):N0} requests a second; through it {through}; to an engine {alone}";
        sheet.Add(Row.AtMost(
            "a request through the gateway at 1,000/s, added p50", through.Median - alone.Median, "ms", 0.3, detail));
        sheet.Add(Row.AtMost(
            "a request through the gateway at 1,000/s, added p99", through.Percentile(99) - alone.Percentile(99), "ms", 2, detail));
    }

    /// <summary>Sends at the rate, however long the answers take; milliseconds of each.</summary>
    private static async Task<double[]> PacedAsync(HttpClient http, Uri address)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        var asked = new List<Task<double>>();
        var begin = Stopwatch.GetTimestamp();
        for (TimeSpan elapsed; (elapsed = Stopwatch.GetElapsedTime(begin)) < RoundTime; await ticks.WaitForNextTickAsync())
        {
            while (asked.Count < elapsed.TotalSeconds * Rate)
            {
                asked.Add(Task.Run(async () =>
                {
                    var sent = Stopwatch.GetTimestamp();
                    await AskAsync(http, address, "mock");
                    return Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                }));
            }
        }

        return await Task.WhenAll(asked);
    }

    private static async Task LoadAsync(Sheet sheet, HttpClient http, Uri direct, Uri proxied)
    {
        var without = await RateAsync(http, direct);
        var with = await RateAsync(http, proxied);
        sheet.Add(Row.AtLeastAs(
            "requests a second through the gateway", with, "/s", 5000,
            $"{AtOnce} at once, client, gateway and engines on the same {Environment.ProcessorCount} processors; to an engine "
                + $"{without:N0}/s"));
    }

    private static async Task<double> RateAsync(HttpClient http, Uri address)
    {
        var begin = Stopwatch.GetTimestamp();
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(begin) < LoadFor)
            {
                await AskAsync(http, address, "mock");
                Interlocked.Increment(ref done);
            }
        })));
        return done / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static async Task FirstEventAsync(Sheet sheet, HttpClient http, Uri direct, Uri proxied)
    {
        var (without, with) = (new Samples(), new Samples());
        for (var number = -FirstEvents / 10; number < FirstEvents; number++)
        {
            var (first, second) = number < 0 ? (new Samples(), new Samples()) : (without, with);
            using var alone = await OpenAsync(http, direct, "stream", first);
            await ReadToEndAsync(alone);
            using var through = await OpenAsync(http, proxied, "stream", second);
            await ReadToEndAsync(through);
        }

        sheet.Add(Row.AtMost(
            "the first event of a stream through the gateway, added p50", with.Median - without.Median, "ms", 0.5,
            $"through it {with}; to an engine {without}"));
    }

    private static async Task HeldAsync(Sheet sheet, HttpClient http, Uri proxied, int pid)
    {
        var before = ProcessMemory.Anonymous(pid);
        var open = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => OpenAsync(http, proxied, "hold", new Samples())));
        var after = ProcessMemory.Anonymous(pid);
        foreach (var answer in open)
        {
            answer.Dispose();
        }

        sheet.Add(Row.AtMost(
            "memory of the gateway for each of 1,000 open streams", (after - before) * 1024 / Streams, "KiB", 64,
            $"private memory behind no file: {before:N1} MiB before, {after:N1} MiB with them"));
    }

    private static async Task KillAsync(Sheet sheet, HttpClient http, Uri proxied, Process victim)
    {
        var begin = Stopwatch.GetTimestamp();
        var (done, failures) = (0, new List<string>());
        var load = Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(begin) < KillAfter + KilledFor)
            {
                try
                {
                    await AskAsync(http, proxied, "echo");
                    Interlocked.Increment(ref done);
                }
                catch (HttpRequestException exception)
                {
                    lock (failures)
                    {
                        failures.Add(exception.Message);
                    }
                }
            }
        })).ToList();
        await Task.Delay(KillAfter, TimeProvider.System);
        victim.Kill();
        await Task.WhenAll(load);
        sheet.Add(Row.AtMost(
            "failures of requests while one of three engines is killed", failures.Count, "", 0,
            failures.FirstOrDefault() ?? $"each of {done:N0} answered 200, {AtOnce} at once"));
    }

    private static async Task AskAsync(HttpClient http, Uri address, string model)
    {
        using var request = Request(address, model);
        using var answer = await http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Begins a stream and times it up to the first bytes of its first event.</summary>
    private static async Task<HttpResponseMessage> OpenAsync(HttpClient http, Uri address, string kind, Samples samples)
    {
        using var request = Request(address, "mock");
        request.Headers.Add(MockEngine.Header, kind);
        HttpResponseMessage? answer = null;
        await samples.TimeAsync(async () =>
        {
            answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            var first = new byte[1];
            await (await answer.EnsureSuccessStatusCode().Content.ReadAsStreamAsync()).ReadExactlyAsync(first);
        });
        return answer!;
    }

    /// <summary>The rest of a stream that was begun.</summary>
    private static async Task ReadToEndAsync(HttpResponseMessage answer) =>
        await (await answer.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null);

    private static HttpRequestMessage Request(Uri address, string model)
    {
        var body = Encoding.UTF8.GetBytes(
            $$"""{"model":"{{model}}","messages":[{"role":"user","content":"What is the capital of France?"}]}""");
        var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        return new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
    }

    private static Task AnswersAsync(HttpClient http, Uri address, string model) => Wait.UntilAsync(
        async () =>
        {
            try
            {
                await AskAsync(http, address, model);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        () => $"{address} answers");

    private static Process StartEcho(string root, int port) => Process.Start(new ProcessStartInfo(
        "dotnet",
        [
            Path.Combine(root, "artifacts", "bin", "Sandbox.Serving.Echo", "release", "Sandbox.Serving.Echo.dll"),
            "--host", "127.0.0.1", "--port", $"{port}", "--model", "echo", "--Logging:LogLevel:Default", "Warning",
        ])
    {
        RedirectStandardOutput = true,
    })!;
}
