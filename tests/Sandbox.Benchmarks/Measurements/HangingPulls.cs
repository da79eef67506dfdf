using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Benchmarks.Measurements;

/// <summary>How long a tenant's stop takes, from the request until its container has ended, while another tenant's pulls from a registry
/// that sends a byte a second take every slot of pulls.</summary>
internal static class HangingPulls
{
    private const int Pulls = 16;
    private const int Stops = 10;

    public static async Task RunAsync(Sheet sheet)
    {
        await DockerTestImage.EnsureAsync();
        using var trickling = new TricklingRegistry();
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Apis = 1,
            Workers = 1,
            Settings = new Dictionary<string, string>
            {
                ["Security__SharedImages"] = $"sandbox-base {DockerTestImage.Name}",
                ["Security__Registries"] = trickling.Name,
                ["Worker__TransferSilence"] = "00:30:00",
            },
        });
        var address = cluster.Callers[0].Http.BaseAddress!;
        using var admin = new RockCaller(address, await MakeKeyAsync(cluster.Callers[0], new { admin = true }));
        using var hostile = await MakeTenantAsync(admin, address, "hostile");
        using var other = await MakeTenantAsync(admin, address, "other");
        var without = await MeasureAsync(cluster, other, "without");
        for (var number = 0; number < Pulls; number++)
        {
            await hostile.StartAsync($"hang-{number}", ("image", $"{trickling.Name}/a{number}:1"), ("pull", "missing"));
        }

        // A tenant gets a share of the slots; the rest of its pulls wait for one.
        await Wait.UntilAsync(() => Task.FromResult(trickling.Waiting >= 12), () => $"the pulls hang; {trickling.Waiting} do");
        var beside = await MeasureAsync(cluster, other, "beside");
        var hanging = trickling.Waiting;
        for (var number = 0; number < Pulls; number++)
        {
            await hostile.PostAsync("stop", new { sandbox_id = $"hang-{number}" });
        }

        sheet.Add(Row.AtMost(
            "a tenant's stop until its container has ended, beside sixteen pulls of another that hang, slowest",
            beside.Percentile(100), "ms", 5000,
            $"{beside}; {hanging} pulls hung at their end; without them {without}"));
    }

    private static async Task<Samples> MeasureAsync(ProcessCluster cluster, RockCaller tenant, string prefix)
    {
        var samples = new Samples();
        for (var number = 0; number < Stops; number++)
        {
            var id = $"{prefix}-{number}";
            await tenant.RunAsync(id);
            var container = await ContainerOfAsync(cluster, id);
            await samples.TimeAsync(async () =>
            {
                await tenant.MustPostAsync("stop", new { sandbox_id = id });
                await Wait.UntilAsync(async () => !await IsRunningAsync(container), () => $"the container of {id} ends");
            });
        }

        return samples;
    }

    private static async Task<bool> IsRunningAsync(string container) =>
        (bool?)(await DockerEngine.InspectAsync(container, CancellationToken.None))?["State"]?["Running"] is true;

    private static async Task<string> ContainerOfAsync(ProcessCluster cluster, string sandbox)
    {
        foreach (var id in await cluster.ContainersAsync())
        {
            var container = await DockerEngine.InspectAsync(id, CancellationToken.None);
            if ((string?)container?["Config"]?["Labels"]?["sandbox.aspire/sandbox"] == sandbox)
            {
                return id;
            }
        }

        throw new InvalidOperationException($"{sandbox} has no container");
    }

    private static async Task<RockCaller> MakeTenantAsync(RockCaller admin, Uri address, string name)
    {
        using var made = await admin.Http.PostAsJsonAsync("/api/v1/tenants", new { name });
        made.EnsureSuccessStatusCode();
        return new RockCaller(address, await MakeKeyAsync(admin, new { tenant = name }));
    }

    private static async Task<string> MakeKeyAsync(RockCaller by, object body)
    {
        using var made = await by.Http.PostAsJsonAsync("/api/v1/keys", body);
        made.EnsureSuccessStatusCode();
        return (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("secret").GetString()!;
    }
}
