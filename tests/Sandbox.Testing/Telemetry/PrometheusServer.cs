using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing.Clusters;
using Xunit;

namespace Sandbox.Testing.Telemetry;

/// <summary>A Prometheus of the test's own, on a port of its own, with its data in a folder that goes with it.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private readonly TempFolder _data;
    private readonly Process _process;
    private readonly Task<string> _log;
    private readonly HttpClient _http;

    private PrometheusServer(TempFolder data, Process process, Uri address)
    {
        (_data, _process) = (data, process);
        _http = new HttpClient { BaseAddress = address };
        process.StandardOutput.Close();
        _log = process.StandardError.ReadToEndAsync();
    }

    /// <param name="configuration">The configuration file; files that it names lie beside it.</param>
    public static async Task<PrometheusServer> StartAsync(string configuration)
    {
        var data = new TempFolder();
        var address = $"127.0.0.1:{ReservedPorts.Next()}";
        var process = Process.Start(new ProcessStartInfo(
            PrometheusTools.Find("prometheus")!,
            [$"--config.file={configuration}", $"--storage.tsdb.path={data.Path}", $"--web.listen-address={address}", "--log.level=warn"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var server = new PrometheusServer(data, process, new Uri($"http://{address}"));
        await Wait.UntilAsync(server.IsReadyAsync, () => "Prometheus is ready");
        return server;
    }

    /// <summary>What an instant query answers with now: one element for each series.</summary>
    public async Task<JsonElement[]> QueryAsync(string query)
    {
        var answer = await _http.GetFromJsonAsync<JsonElement>($"/api/v1/query?query={Uri.EscapeDataString(query)}");
        Assert.True(answer.GetProperty("status").GetString() == "success", $"`{query}` was to be understood: {answer}");
        return [.. answer.GetProperty("data").GetProperty("result").EnumerateArray()];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        Assert.False(_process.HasExited, _process.HasExited ? $"Prometheus was to run, and ended: {await _log}" : "");
        try
        {
            using var answer = await _http.GetAsync(new Uri("/-/ready", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
