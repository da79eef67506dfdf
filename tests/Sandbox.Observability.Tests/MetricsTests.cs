using System.Net;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Telemetry;

namespace Sandbox.Observability.Tests;

/// <summary>What a running stack shows on its internal ports, and what Prometheus makes of it.</summary>
[Collection(nameof(WatchedCluster))]
public sealed class MetricsTests(WatchedCluster watched)
{
    private IEnumerable<ClusterProcess> Processes => watched.Cluster.Apis.Concat(watched.Cluster.Workers).Concat(watched.Cluster.Healths);

    [NeedsDockerAndPrometheusFact]
    public async Task Metrics_OfEveryProcess_AreCleanForPromtool()
    {
        await watched.LiveALittleAsync();
        foreach (var process in Processes)
        {
            // A request or a job is counted a moment after its caller has the answer.
            var page = "";
            await Wait.UntilAsync(
                async () => (page = await GetAsync(process, "metrics")).Contains(OwnMetricOf(process), StringComparison.Ordinal),
                () => $"{process.Name} counts {OwnMetricOf(process).Trim()}: {page}");

            var (code, said) = await PrometheusTools.CheckAsync(page, "check", "metrics");

            Assert.True(
                code == 0 && said.Trim().Length == 0, $"promtool was to find nothing in the metrics of {process.Name}: {said}\n{page}");
            Assert.Contains("\nprocess_cpu_seconds_total ", page, StringComparison.Ordinal);
        }
    }

    /// <summary>What an instrument is, OTLP says: a counter has to be one at <c>/metrics</c> too, or Prometheus does not know its
    /// restarts.</summary>
    [NeedsDockerFact]
    public async Task Metrics_OfEveryInstrument_AreOfItsKind()
    {
        await watched.LiveALittleAsync();
        foreach (var process in Processes)
        {
            IReadOnlyDictionary<string, string> expected = new Dictionary<string, string>(), shown = expected;
            await Wait.UntilAsync(
                async () =>
                {
                    expected = InstrumentsOf(process);
                    shown = TypesIn(await GetAsync(process, "metrics"));
                    return expected.Count >= LeastInstrumentsOf(process) && expected.Keys.All(shown.ContainsKey);
                },
                () => $"{process.Name} shows each of its instruments: {string.Join(", ", expected.Keys.Except(shown.Keys))} of "
                    + $"{expected.Count}");

            Assert.All(expected, one => Assert.True(
                shown[one.Key] == one.Value,
                $"{one.Key} of {process.Name} was to be a {one.Value}, as its instrument is; it is a {shown[one.Key]}"));
            Assert.All(shown, one => Assert.True(
                one.Key.EndsWith("_total", StringComparison.Ordinal) == (one.Value == "counter"),
                $"{one.Key} of {process.Name} is a {one.Value}: counters end in _total, and nothing else does"));
        }
    }

    /// <summary>A label whose values grow with the sandboxes fills every Prometheus in the end.</summary>
    [NeedsDockerFact]
    public async Task Metrics_HoldNoIds()
    {
        var id = await watched.LiveALittleAsync();
        foreach (var process in Processes)
        {
            Assert.DoesNotContain(id, await GetAsync(process, "metrics"), StringComparison.Ordinal);
        }
    }

    [NeedsDockerAndPrometheusFact]
    public async Task ContainerMetrics_OfASandboxThatRuns_TellItsUseAndAreCleanForPromtool()
    {
        var id = $"metrics-{Guid.NewGuid():N}";
        await watched.Caller.RunAsync(id);
        var page = "";
        await Wait.UntilAsync(
            async () => (page = await watched.Caller.Http.GetStringAsync(new Uri(watched.ContainerMetrics, "metrics")))
                .Contains($"\ncontainer_memory_working_set_bytes{{name=\"{id}\"}} ", StringComparison.Ordinal),
            () => $"the page tells what {id} uses: {page}");
        await watched.Caller.MustPostAsync("stop", new { sandbox_id = id });

        var (code, said) = await PrometheusTools.CheckAsync(page, "check", "metrics");

        Assert.True(code == 0 && said.Trim().Length == 0, $"promtool was to find nothing in the containers' metrics: {said}\n{page}");
        Assert.Contains($"\ncontainer_cpu_usage_seconds_total{{name=\"{id}\"}} ", page, StringComparison.Ordinal);
        using var other = await watched.Caller.Http.GetAsync(new Uri(watched.ContainerMetrics, "node/ping"));
        Assert.True(other.StatusCode is HttpStatusCode.NotFound, $"nothing else was to be on that port; it answered {other.StatusCode}");
    }

    [NeedsDockerFact]
    public async Task Health_InProduction_IsOnTheInternalPortOnly()
    {
        foreach (var process in Processes)
        {
            Assert.Equal("Healthy", await GetAsync(process, "alive"));

            // What it depends on may just be about to be found.
            var health = "";
            await Wait.UntilAsync(
                async () => (health = (await AskAsync(process, "health")).Text) == "Healthy",
                () => $"{process.Name} is healthy; it says {health}");
        }

        // The public port's /health is the gateway's own, which says nothing of what the process depends on.
        foreach (var path in new[] { "/alive", "/metrics" })
        {
            using var answer = await watched.Caller.Http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.True(
                answer.StatusCode is HttpStatusCode.NotFound,
                $"{path} was not to be on the public port, which answered {answer.StatusCode}");
        }

        Assert.Equal("""{"status":"healthy","models":0}""", await watched.Caller.Http.GetStringAsync("/health"));
    }

    [NeedsDockerFact]
    public async Task Sandbox_ThatRanAndWasStopped_HasOneBillingLine()
    {
        var id = await watched.LiveALittleAsync();

        var line = await watched.Cluster.Apis[0].SaysAsync($"Sandbox {id} of ");

        Assert.Matches($"Sandbox {id} of default had 0\\.5 CPUs and 134217728 bytes for [0-9.]+ s, from ", line);
        Assert.Single(
            Processes.SelectMany(process => process.Log.Split('\n')), one => one.Contains($"Sandbox {id} of ", StringComparison.Ordinal));
    }

    [NeedsDockerAndPrometheusFact]
    public async Task Dashboards_EveryPanelsQuery_ReturnsASample()
    {
        // Once before, so that every series is there, and once while Prometheus looks: a rate is a difference.
        await watched.LiveALittleAsync();
        using var folder = new TempFolder();
        await using var prometheus = await PrometheusServer.StartAsync(await ConfigureAsync(folder));
        await Wait.UntilAsync(
            async () => (await prometheus.QueryAsync("up == 1")).Length == 3, () => "Prometheus has scraped the three processes");

        await watched.LiveALittleAsync();
        foreach (var (dashboard, panel, query) in Deployed.Queries()
            .Where(one => !ProcessCluster.IsWithoutRedis || !one.Query.Contains("redis", StringComparison.Ordinal)))
        {
            var asked = query.Replace("$__rate_interval", "5m", StringComparison.Ordinal);
            await Wait.UntilAsync(
                async () => (await prometheus.QueryAsync(asked)).Any(series => series.GetProperty("value")[1].GetString() != "NaN"),
                () => $"panel '{panel}' of {dashboard} has a sample for `{asked}`");
        }
    }

    /// <summary>Health.Service has none of its own yet.</summary>
    private static int LeastInstrumentsOf(ClusterProcess process) => process.Name[0] switch
    {
        'a' => 4,
        'w' => 12,
        _ => 0,
    };

    /// <summary>The instruments of our own meters that a process sends, by their names at <c>/metrics</c>, with their kinds.</summary>
    private Dictionary<string, string> InstrumentsOf(ClusterProcess process)
    {
        var service = process.Name[0] switch { 'a' => "Sandbox.Api", 'w' => "Sandbox.Worker", _ => "Health.Service" };
        return watched.Receiver.Metrics
            .Where(metric => metric.Service == service && metric.Meter.Split('.')[0] is "Sandbox" or "Health")
            .ToDictionary(NameAtMetrics, metric => metric.Kind);
    }

    private static string NameAtMetrics(ReceivedMetric metric)
    {
        var unit = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return metric.Name.Replace('.', '_') + unit + (metric.Kind == "counter" ? "_total" : "");
    }

    private static Dictionary<string, string> TypesIn(string page) => page.Split('\n')
        .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
        .Select(line => line.Split(' '))
        .ToDictionary(words => words[2], words => words[3]);

    private static string OwnMetricOf(ClusterProcess process) => process.Name[0] switch
    {
        'a' => "\nsandbox_api_request_duration_seconds_count{",
        'w' => "\nsandbox_worker_job_duration_seconds_count{",
        _ => "\nprocess_num_threads ",
    };

    private async Task<string> GetAsync(ClusterProcess process, string page)
    {
        var (status, text) = await AskAsync(process, page);
        Assert.True(status is HttpStatusCode.OK, $"/{page} of {process.Name} was to answer: {status} {text}");
        return text;
    }

    private async Task<(HttpStatusCode Status, string Text)> AskAsync(ClusterProcess process, string page)
    {
        using var answer = await watched.Caller.Http.GetAsync(new Uri(await WatchedCluster.InternalAddressAsync(process), page));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>The deployed configuration, but looking more often, at the processes of this cluster.</summary>
    private async Task<string> ConfigureAsync(TempFolder folder)
    {
        var source = Path.Combine(Deployed.Folder, "prometheus");
        Directory.CreateDirectory(folder.File("targets"));
        File.Copy(Path.Combine(source, "alerts.yml"), folder.File("alerts.yml"));
        var text = await File.ReadAllTextAsync(Path.Combine(source, "prometheus.yml"));
        Assert.Contains("scrape_interval: 15s", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            folder.File("prometheus.yml"), text.Replace("scrape_interval: 15s", "scrape_interval: 250ms", StringComparison.Ordinal));
        foreach (var (file, process) in new[] { ("api", watched.Cluster.Apis[0]), ("worker", watched.Cluster.Workers[0]),
            ("health", watched.Cluster.Healths[0]) })
        {
            var address = await WatchedCluster.InternalAddressAsync(process);
            await File.WriteAllTextAsync(folder.File($"targets/{file}.yml"), $"- targets: [\"{address.Authority}\"]\n");
        }

        return folder.File("prometheus.yml");
    }
}
