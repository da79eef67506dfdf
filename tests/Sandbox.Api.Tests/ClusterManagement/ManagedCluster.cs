using System.Text.Json;
using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.ClusterManagement;

/// <summary>A server that is told a cluster on Cloudera ML to add nodes to, and the workspace where that is.</summary>
internal sealed class ManagedCluster : IAsyncDisposable
{
    private readonly TempFolder _folder;

    private ManagedCluster(TempFolder folder, FakeCml workspace, ApiServer api) => (_folder, Workspace, Api) = (folder, workspace, api);

    public FakeCml Workspace { get; }

    public ApiServer Api { get; }

    public string Admin { get; private set; } = "";

    public string Tenant { get; private set; } = "";

    public string InfoFile => _folder.File("info.json");

    public static async Task<ManagedCluster> StartAsync(params (string Name, string Value)[] settings)
    {
        var (folder, workspace) = (new TempFolder(), await FakeCml.StartAsync());
        var project = workspace.GivenProject("p");
        await File.WriteAllTextAsync(
            folder.File("cluster.yaml"),
            $"""
            cai:
              project_id: {project}
              runtime_identifier: image:1
              state_file: {folder.File("state.json")}
              info_file: {folder.File("info.json")}
            """);
        var api = await ApiServer.StartAsync(
        [
            ("ClusterManagement:ConfigFile", folder.File("cluster.yaml")), ("CML_HOST", workspace.Address.ToString()),
            ("CML_API_KEY", FakeCml.Key), ("ClusterManagement:NodeVariables:HEALTH_URL", "http://head:8080"), .. settings,
        ]);
        var cluster = new ManagedCluster(folder, workspace, api);
        (_, cluster.Admin) = await api.GivenKeyAsync("default", admin: true);
        (_, cluster.Tenant) = await api.GivenKeyAsync("red");
        return cluster;
    }

    /// <summary>As the launch does it.</summary>
    public async Task LaunchAsync()
    {
        using var client = Workspace.Client();
        var manager = new CmlClusterManager(
            client, "project-1", new ClusterStateFile(_folder.File("state.json")), TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<CmlClusterManager>.Instance);
        var started = await manager.StartAsync(
            new CmlClusterOptions { NumWorkers = 0, RuntimeIdentifier = "image:1", HeadScript = "h.py", WorkerScript = "w.py" }, default);
        ClusterInfo.Of(started.State, client.Host).Write(InfoFile);
    }

    /// <summary>A node joins under a name.</summary>
    public async Task JoinAsync(string name, NodeCapacity all, NodeCapacity free)
    {
        var facts = new NodeFacts(
            name, new Uri("http://10.0.0.7:8090"), "10.0.0.7", all, new Dictionary<string, string>(), [DeploymentKind.Local], "1");
        var registered = await Api.Get<INodeStore>().TryRegisterAsync(facts, name, TimeSpan.FromMinutes(10), default);
        Assert.True(registered.TryGet(out var lease, out var error), $"{name} was to join: {error}");
        Assert.True(await Api.Get<INodeStore>().TryHeartbeatAsync(lease, new NodeLoad(free, 1, null), TimeSpan.FromMinutes(10), default));
    }

    /// <summary>The JSON of an answer with the status that was expected.</summary>
    public async Task<JsonElement> AskAsync(int status, string? key, string path, string? json = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? (json is null ? HttpMethod.Get : HttpMethod.Post), "/api/v1" + path);
        request.Headers.Add("X-API-Key", key);
        request.Content = json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await Api.Http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True((int)answer.StatusCode == status, $"{path} was to answer {status}, not {(int)answer.StatusCode}: {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Workspace.DisposeAsync();
        _folder.Dispose();
    }
}
