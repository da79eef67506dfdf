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

    private static readonly string[] Secrets = ["Cluster__Id", "Cluster__Secret", "ConnectionStrings__sandbox"];

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
            Apis = 0,
            Workers = 1,
            Healths = 1,
            HeadWhitelist = "w1",
            HasRedis = false,
            Deployment = "local",
        });
        var (headPort, appPort) = (ReservedPorts.Next(), ReservedPorts.Next());
        GivenVariables(workspace, cluster, folder, appPort);
        workspace.UrlOf = _ => "http://127.0.0.1/";
        using var client = workspace.Client();
        var manager = new CmlClusterManager(
            client, project, new ClusterStateFile(folder.File("state.json")), TimeProvider.System,
            NullLogger<CmlClusterManager>.Instance);
        LauncherScripts.Write(
            new LauncherOptions
            {
                HeadCommand = ["env", .. SecretsOf(cluster), Shipped("head.sh"), "{head_port}", "{app_port}"],
                WorkerCommand =
                [
                    "sh", "-c", "export Worker__Labels__cml=$Worker__NodeName; exec \"$0\" \"$1\"", Shipped("worker.sh"), "{head_address}",
                ],
                HeadPort = headPort,
                VirtualEnvironment = null,
                WorkerDelay = TimeSpan.Zero,
            },
            folder.File("head.py"), folder.File("worker.py"));
        await manager.StartAsync(
            new CmlClusterOptions
            {
                NumWorkers = 0,
                HeadPort = headPort,
                RuntimeIdentifier = "image:1",
                HeadScript = "head.py",
                WorkerScript = "worker.py",
            },
            TestContext.Current.CancellationToken);

        // From here on all is asked of the API that the head's application runs.
        using var caller = new RockCaller(new Uri($"http://127.0.0.1:{appPort}"));
        var http = caller.Http;
        await Wait.UntilAsync(
            () => IsThereAsync(http), () => $"the head answers at port {appPort}");

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
            () => "three nodes join");
        foreach (var name in names)
        {
            var id = $"on-{name}";
            await caller.RunAsync(
                id, ("extended_params", new Dictionary<string, string> { ["node_label.cml"] = name }));
            Assert.Equal("there", (await caller.ExecuteAsync(id, "echo there")).Trim());
            await caller.MustPostAsync("stop", new { sandbox_id = id });
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

    /// <summary>What the head is told and workers are not: they have a token each.</summary>
    private static IEnumerable<string> SecretsOf(ProcessCluster cluster) =>
        cluster.Make("head", "Sandbox.Api").Settings.Where(one => Secrets.Contains(one.Key)).Select(one => $"{one.Key}={one.Value}");

    /// <summary>What the cluster's processes have in common but for its secrets.</summary>
    private static void GivenVariables(FakeCml workspace, ProcessCluster cluster, TempFolder folder, int appPort)
    {
        string[] particular = [.. Secrets, "Worker__NodeName", "Worker__DataFolder", "HEALTH_URL"];
        foreach (var (name, value) in cluster.MakeWorker("cml", "cml").Settings.Where(one => !particular.Contains(one.Key)))
        {
            workspace.Variables[name] = value;
        }

        workspace.Variables["CDSW_APP_PORT"] = $"{appPort}";
        workspace.Variables["ClusterManagement__ConfigFile"] = folder.File("cluster.yaml");
        workspace.Variables["PROGRAMS"] = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", ".."));
        workspace.Variables["CONFIGURATION"] = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        workspace.Variables["WORKER_DATA"] = folder.File("nodes");
        workspace.Variables["Logging__LogLevel__Default"] = "Warning";
    }

    private static string Shipped(string script) =>
        Path.GetFullPath(Path.Combine(ProcessCluster.AgentFolder, "..", "..", "deploy", "serving", "cml", script));

    private static async Task<bool> IsThereAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync("/");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<IReadOnlyList<string>> AliveAsync(HttpClient http) =>
    [
        .. (await http.GetFromJsonAsync<JsonElement>("/api/v1/resources/nodes")).GetProperty("nodes").EnumerateArray()
            .Where(node => node.GetProperty("alive").GetBoolean()).Select(node => node.GetProperty("node_name").GetString()!),
    ];
}
