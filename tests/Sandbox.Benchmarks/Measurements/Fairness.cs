using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Benchmarks.Stores;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>How much longer a tenant's create takes while another has more waiting than there is capacity for.</summary>
internal static class Fairness
{
    private const int Workers = 4;
    private const int Creates = 60;

    /// <summary>Of the flood, which wait at any time: as one of them runs, the next is asked for.</summary>
    private const int Flood = 500;

    /// <summary>The null deployment with as little capacity as a machine has and as much time as a container takes: 160 starts a second,
    /// for all of which the last of the flood waits three seconds.</summary>
    private static readonly FleetWork Busy = new(Places: 8, Batch: 1, TimeSpan.FromMilliseconds(200));

    public static async Task RunAsync(Sheet sheet)
    {
        var (p50, p95, detail) = await CompareAsync(Busy);
        sheet.Add(
            Row.AtMost(
                "a create until it runs while another tenant floods the workers, p50 by that without the flood", p50, "×", 2, detail));
        sheet.Add(Row.Info("the same, p95", p95, "×", "as above"));

        // Here no queue is long: the flood gets through as many as all processors can do, and others that want one of them wait.
        (p50, p95, detail) = await CompareAsync(work: null);
        sheet.Add(
            Row.Info(
                "the same where starts take no time and the flood takes every processor of the machine, p50", p50, "×",
                $"p95 {p95:0.0} ×; {detail}"));
    }

    private static async Task<(double P50, double P95, string Detail)> CompareAsync(FleetWork? work)
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup { Apis = 1, Workers = 0 });
        await using var fleet = await Fleet.StartAsync(cluster.Database, cluster.Redis!.ConnectionString, Workers, work);
        var api = cluster.Callers[0].Http;
        var admin = await KeyAsync(api, null, new { admin = true });
        using var quiet = await TenantAsync(api, admin, "quiet");
        using var flood = await TenantAsync(api, admin, "flood");

        // What a process pays once is paid before.
        await FloodAsync(flood, "warm", () => MeasureAsync(quiet, "warm"));
        var before = await MeasureAsync(quiet, "before");
        var during = new Samples();
        var floods = await FloodAsync(flood, "flood", async () => during = await MeasureAsync(quiet, "during"));
        var after = await MeasureAsync(quiet, "after");
        return (
            during.Median / Math.Min(before.Median, after.Median),
            during.Percentile(95) / Math.Min(before.Percentile(95), after.Percentile(95)),
            $"flooded: {during}; alone before: {before}; after: {after}; the flood had {Flood} waiting at any time and {floods} were "
                + $"asked for; one API, {Workers} workers");
    }

    /// <summary>One create after another.</summary>
    private static async Task<Samples> MeasureAsync(HttpClient tenant, string prefix)
    {
        var samples = new Samples();
        for (var number = 0; number < Creates; number++)
        {
            await samples.TimeAsync(() => RunAsync(tenant, $"{prefix}-{number}"));
        }

        return samples;
    }

    /// <returns>How many of the flood were asked for.</returns>
    private static async Task<int> FloodAsync(HttpClient tenant, string prefix, Func<Task> meanwhile)
    {
        var (ends, started) = (false, 0);
        var flood = Enumerable.Range(0, Flood).Select(async _ =>
        {
            while (!Volatile.Read(ref ends))
            {
                await RunAsync(tenant, $"{prefix}-of-many-{Interlocked.Increment(ref started)}");
            }
        }).ToList();
        await Task.Yield();
        await meanwhile();
        Volatile.Write(ref ends, true);
        await Task.WhenAll(flood);
        return started;
    }

    private static async Task RunAsync(HttpClient tenant, string id)
    {
        using var answer = await tenant.PostAsJsonAsync(
            "/apis/envs/sandbox/v1/start",
            new { sandbox_id = id, image = "none", pull = "never", memory = "128m", cpus = 0.5, auto_delete_seconds = 3600 });
        var envelope = await answer.Content.ReadFromJsonAsync<JsonElement>();
        if (envelope.GetProperty("status").GetString() != "Success")
        {
            throw new InvalidOperationException($"{id} was to run: {envelope}");
        }
    }

    private static async Task<HttpClient> TenantAsync(HttpClient api, string admin, string name)
    {
        await SendAsync(api, "tenants", admin, new { name });
        var tenant = new HttpClient { BaseAddress = api.BaseAddress, Timeout = api.Timeout };
        tenant.DefaultRequestHeaders.Add("X-API-Key", await KeyAsync(api, admin, new { tenant = name }));
        return tenant;
    }

    private static async Task<string> KeyAsync(HttpClient api, string? admin, object body) =>
        (await SendAsync(api, "keys", admin, body)).GetProperty("secret").GetString()!;

    private static async Task<JsonElement> SendAsync(HttpClient api, string route, string? key, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/{route}") { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("X-API-Key", key);
        }

        using var answer = await api.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
