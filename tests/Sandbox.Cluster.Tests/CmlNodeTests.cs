using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>Applications of Cloudera ML as nodes of a real cluster: each is a worker's process, which joins with a token of its
/// own.</summary>
public sealed class CmlNodeTests
{
    private const int Nodes = 3;

    [NeedsPostgresFact]
    [Trait("Row", "40")]
    [Trait("Row", "41")]
    [Trait("Row", "48")]
    public async Task Nodes_AddedOverTheManagementApi_JoinRunSandboxesAndAreGoneAfterwards()
    {
        using var folder = new TempFolder();
        await using var workspace = await FakeCml.StartAsync(folder.Path);
        var project = workspace.GivenProject("p");
        await File.WriteAllTextAsync(
            folder.File("cluster.yaml"),
            $"""
            cai:
              host: {workspace.Address}
              api_key: {FakeCml.Key}
              project_id: {project}
              runtime_identifier: image:1
              state_file: {folder.File("state.json")}
              info_file: {folder.File("info.json")}
            """);
        await using var cluster = await ProcessCluster.StartAsync(new ClusterSetup
        {
            Apis = 1, Workers = 1, Healths = 1, HeadWhitelist = "w1", HasRedis = false, Deployment = "local",
            Settings = new Dictionary<string, string> { ["ClusterManagement__ConfigFile"] = folder.File("cluster.yaml") },
        });
        var http = cluster.Callers[0].Http;
        WriteLaunchers(cluster, folder);
        using var client = workspace.Client();
        var manager = new CmlClusterManager(
            client, project, new ClusterStateFile(folder.File("state.json")), TimeProvider.System,
            NullLogger<CmlClusterManager>.Instance);
        await manager.StartAsync(
            new CmlClusterOptions { NumWorkers = 0, RuntimeIdentifier = "image:1", HeadScript = "head.py", WorkerScript = "worker.py" },
            TestContext.Current.CancellationToken);

        var added = new List<JsonElement>();
        for (var number = 0; number < Nodes; number++)
        {
            using var answer = await http.PostAsJsonAsync("/api/v1/resources/nodes/add", new { cpu = 2, memory = 4 });
            Assert.True(answer.IsSuccessStatusCode, $"a node was to be added: {await answer.Content.ReadAsStringAsync()}");
            added.Add(await answer.Content.ReadFromJsonAsync<JsonElement>());
        }

        var names = added.Select(node => node.GetProperty("app_name").GetString()!).ToList();
        await Wait.UntilAsync(
            async () => (await AliveAsync(http)).Count(names.Contains) == Nodes,
            () => $"three nodes join; their logs: {string.Join('\n', Directory.GetFiles(folder.Path, "*.log").Select(File.ReadAllText))}");
        foreach (var name in names)
        {
            var id = $"on-{name}";
            await cluster.Callers[0].RunAsync(
                id, ("extended_params", new Dictionary<string, string> { ["node_label.cml"] = name }));
            Assert.Equal("there", (await cluster.Callers[0].ExecuteAsync(id, "echo there")).Trim());
            await cluster.Callers[0].MustPostAsync("stop", new { sandbox_id = id });
        }

        var processes = workspace.Applications.Select(application => application.Process!.Id).ToList();
        using (var removed = await http.DeleteAsync($"/api/v1/resources/nodes/{added[0].GetProperty("app_id").GetString()}"))
        {
            Assert.True(removed.IsSuccessStatusCode, await removed.Content.ReadAsStringAsync());
        }

        await Wait.UntilAsync(
            async () => !(await AliveAsync(http)).Contains(names[0]), () => $"{names[0]} is gone");
        Assert.Equal(Nodes, workspace.Applications.Count);

        // By a process that knows the file and nothing else.
        var stopped = await manager.StopAsync(TestContext.Current.CancellationToken);

        Assert.True(stopped.Stopped, string.Join('\n', stopped.Errors));
        Assert.Empty(workspace.Applications);
        Assert.All(processes, id => Assert.Throws<ArgumentException>(() => Process.GetProcessById(id)));
    }

    /// <summary>The head is the cluster of the test; its application only has to run.</summary>
    private static void WriteLaunchers(ProcessCluster cluster, TempFolder folder)
    {
        var worker = cluster.MakeWorker("cml", "cml");
        string[] told =
        [
            "Cluster__Id", "Cluster__Secret", "ConnectionStrings__sandbox", "ConnectionStrings__redis", "Worker__NodeName",
            "Worker__DataFolder",
        ];
        var variables = worker.Settings.Where(setting => !told.Contains(setting.Key))
            .Select(setting => $"'{setting.Key}={setting.Value}'");
        var script =
            $"""
            export Worker__DataFolder='{folder.Path}/'$Worker__NodeName Worker__Labels__cml=$Worker__NodeName
            mkdir -p "$Worker__DataFolder"
            exec env {string.Join(' ', variables)} dotnet '{worker.Program}' >"$Worker__DataFolder.log" 2>&1
            """;
        LauncherScripts.Write(
            new LauncherOptions
            {
                HeadCommand = ["sleep", "1000"],
                WorkerCommand = ["sh", "-c", script],
                VirtualEnvironment = null,
                WorkerDelay = TimeSpan.Zero,
            },
            folder.File("head.py"), folder.File("worker.py"));
    }

    private static async Task<IReadOnlyList<string>> AliveAsync(HttpClient http) =>
    [
        .. (await http.GetFromJsonAsync<JsonElement>("/api/v1/resources/nodes")).GetProperty("nodes").EnumerateArray()
            .Where(node => node.GetProperty("alive").GetBoolean()).Select(node => node.GetProperty("node_name").GetString()!),
    ];
}
