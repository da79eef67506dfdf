using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sandbox.Benchmarks.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Testing.Clusters;
using ProcessConfig = Sandbox.Contracts.Envd.ProcessConfig;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>What a request to a web server inside a sandbox takes through the proxy, beside the same request to the same program on the
/// host.</summary>
internal static class ProxyTrials
{
    private const int Requests = 3000;
    private const int AtOnce = 32;
    private const int Many = 1000;
    private static readonly TimeSpan LoadFor = TimeSpan.FromSeconds(10);

    public static async Task RunAsync(string root, Sheet sheet)
    {
        var program = Path.Combine(root, "artifacts", "bin", "Sandbox.Serving.Echo", "release", "Sandbox.Serving.Echo.dll");
        await using var server = await ServerProcess.StartAsync(root, "local", ("SANDBOX_Api__MaxRequestsPerSecond", "1000000"));
        var started = await server.Client.StartAndWaitAsync(
            new StartRequest { Image = "none", Memory = "1g", Cpus = 2, AutoDeleteSeconds = 3600 }, null, CancellationToken.None);
        var id = SandboxId.Parse(started.SandboxId!);
        var (inside, outside) = (FreePort(), FreePort());
        await using var served = await server.Client.Processes(id).StartAsync(
            new() { Process = new ProcessConfig { Cmd = "dotnet", Args = [program, .. Options(inside)] }, Stdin = false },
            CancellationToken.None);
        using var host = Process.Start(new ProcessStartInfo("dotnet", [program, .. Options(outside)]) { RedirectStandardOutput = true })!;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(1) };
        var direct = new Uri($"http://127.0.0.1:{outside}/health");
        var proxied = new Uri(server.Url, $"/apis/envs/sandbox/v1/sandboxes/{id}/proxy/port/{inside}/health");
        try
        {
            await AnswersAsync(http, direct);
            await AnswersAsync(http, proxied);
            await CompareAsync(sheet, http, direct, proxied);
            await LoadAsync(sheet, http, direct, proxied);
            await CrowdAsync(sheet, http, proxied);
        }
        finally
        {
            host.Kill();
            await host.WaitForExitAsync();
            await server.Client.StopAsync(id, CancellationToken.None);
            await server.Client.DeleteAsync(id, CancellationToken.None);
        }
    }

    private static string[] Options(int port) => ["--host", "127.0.0.1", "--port", $"{port}", "--Logging:LogLevel:Default", "Warning"];

    /// <summary>One after the other in turns, so that what the machine does meanwhile happens to both.</summary>
    private static async Task CompareAsync(Sheet sheet, HttpClient http, Uri direct, Uri proxied)
    {
        var (without, with) = (new Samples(), new Samples());
        for (var number = -Requests / 10; number < Requests; number++)
        {
            var (first, second) = number < 0 ? (new Samples(), new Samples()) : (without, with);
            await first.TimeAsync(() => GetAsync(http, direct));
            await second.TimeAsync(() => GetAsync(http, proxied));
        }

        sheet.Add(Row.AtMost(
            "a request through the proxy to a port, added p50", with.Median - without.Median, "ms", 0.5,
            $"through it {with}; to the host {without}"));
    }

    private static async Task LoadAsync(Sheet sheet, HttpClient http, Uri direct, Uri proxied)
    {
        var without = await RateAsync(http, direct);
        var with = await RateAsync(http, proxied);
        sheet.Add(Row.AtLeastAs(
            "requests a second through the proxy to a port", with, "/s", 3000,
            $"{AtOnce} at once, client, server and program on the same processors; without the proxy {without:N0}/s"));
    }

    private static async Task<double> RateAsync(HttpClient http, Uri address)
    {
        var begin = Stopwatch.GetTimestamp();
        var done = 0;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(begin) < LoadFor)
            {
                await GetAsync(http, address);
                Interlocked.Increment(ref done);
            }
        })));
        return done / Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private static async Task CrowdAsync(Sheet sheet, HttpClient http, Uri proxied)
    {
        var failures = await Task.WhenAll(Enumerable.Range(0, Many).Select(async _ =>
        {
            try
            {
                await GetAsync(http, proxied);
                return null;
            }
            catch (HttpRequestException exception)
            {
                return exception.Message;
            }
        }));
        sheet.Add(Row.AtMost(
            $"failures of {Many:N0} requests at once through the proxy to a port", failures.Count(failure => failure is not null), "", 0,
            failures.FirstOrDefault(failure => failure is not null) ?? "each answered 200"));
    }

    private static async Task GetAsync(HttpClient http, Uri address)
    {
        using var answer = await http.GetAsync(address);
        answer.EnsureSuccessStatusCode();
        await answer.Content.CopyToAsync(Stream.Null);
    }

    private static Task AnswersAsync(HttpClient http, Uri address) => Wait.UntilAsync(
        async () =>
        {
            try
            {
                await GetAsync(http, address);
                return true;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        () => $"{address} answers");

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
