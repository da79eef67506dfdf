using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>Models on a cluster of processes, of which the one that looks after them, and the one that runs an engine, are
/// killed.</summary>
public sealed class ModelTests
{
    private static readonly string EchoAssembly = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "Sandbox.Serving.Echo",
        Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "Sandbox.Serving.Echo.dll"));

    /// <summary>By which its processes are found on this machine.</summary>
    private readonly string _name = $"parrot-{Guid.NewGuid():N}";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [NeedsPostgresFact]
    public async Task Model_WhoseApiAndNodeAreKilled_HasTheReplicasThatItAskedForAndLeavesNothing()
    {
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Workers = 2,
            Deployment = "local",
            Settings = new Dictionary<string, string>
            {
                ["Serving__EngineAssemblies__0"] = EchoAssembly,
                ["Worker__ModelFolders__0"] = Path.GetDirectoryName(EchoAssembly)!,
            },
        });
        var (first, second) = (cluster.Callers[0].Http, cluster.Callers[1].Http);

        // Accepted by an API that does nothing more.
        using var made = await first.PostAsJsonAsync(
            "/api/v1/models",
            new { name = _name, engine = "echo", replicas = 2, cpus = 1, memory = "256m", configuration = new { model = _name } },
            Cancelled);
        Assert.True(made.StatusCode is HttpStatusCode.Created, await made.Content.ReadAsStringAsync(Cancelled));
        await cluster.Apis[0].KillAsync();
        await WhenRunningAsync(second, _ => true);
        Assert.Equal(2, Engines());

        // The node of a replica is gone for longer than the grace.
        await ProcessCluster.StartApiAsync(cluster.Apis[0]);
        var before = Sandboxes(await FindAsync(first));
        var status = await cluster.Callers[0].StatusAsync(before[0]);
        var worker = cluster.Workers.Single(one => one.Name == status.GetProperty("host_name").GetString());
        await worker.KillAsync();
        var healed = Sandboxes(await WhenRunningAsync(first, model => Sandboxes(model)[0] != before[0]));
        await ProcessCluster.StartWorkerAsync(worker);
        await Wait.UntilAsync(() => Task.FromResult(Engines() == 2), () => "the node that came back ends what was replaced meanwhile");
        Assert.Equal(healed, Sandboxes(await FindAsync(second)));

        // In the middle of a stop.
        Task stopping = first.DeleteAsync($"/api/v1/models/{_name}", Cancelled);
        await Wait.UntilAsync(
            async () => !(await second.GetAsync($"/api/v1/models/{_name}", Cancelled)).IsSuccessStatusCode
                || (await FindAsync(second)).GetProperty("state").GetString() == "deleting",
            () => "the stop has begun");
        await cluster.Apis[0].KillAsync();
        await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Wait.UntilAsync(
            async () => (await second.GetAsync($"/api/v1/models/{_name}", Cancelled)).StatusCode is HttpStatusCode.NotFound,
            () => "the other API ends the model");
        await Wait.UntilAsync(() => Task.FromResult(Engines() == 0), () => "no engine is left");
    }

    private static IReadOnlyList<string> Sandboxes(JsonElement model) =>
        [.. model.GetProperty("replicas").EnumerateArray().Select(replica => replica.GetProperty("sandbox_id").GetString()!)];

    private async Task<JsonElement> WhenRunningAsync(HttpClient http, Func<JsonElement, bool> isIt)
    {
        var model = default(JsonElement);
        await Wait.UntilAsync(
            async () =>
            {
                model = await FindAsync(http);
                return isIt(model) && model.GetProperty("replicas").EnumerateArray()
                    .Count(replica => replica.GetProperty("state").GetString() == "running") == 2;
            },
            () => $"both replicas run: {model}");
        return model;
    }

    private Task<JsonElement> FindAsync(HttpClient http) => http.GetFromJsonAsync<JsonElement>($"/api/v1/models/{_name}", Cancelled);

    /// <summary>How many processes of this machine are engines of the model.</summary>
    private int Engines() => ProcessTable.Where(process =>
        ProcessTable.CommandOf(process) is var command
            && command.Contains("/Sandbox.Serving.Echo --", StringComparison.Ordinal)
            && command.Contains(_name, StringComparison.Ordinal)).Count();
}
