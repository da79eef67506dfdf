using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Cml.Clusters;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Serving.Cml.Rest;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests.Clusters;

/// <summary>A workspace with a project, and a file for the state of its cluster.</summary>
internal sealed class ClusterFixture : IAsyncDisposable
{
    private readonly List<CmlClient> _clients = [];

    private ClusterFixture(FakeCml server, TempFolder folder) => (Server, Folder) = (server, folder);

    public FakeCml Server { get; }

    public TempFolder Folder { get; }

    public string StateFile => Folder.File("state/cluster_state.json");

    public CmlClusterOptions Options { get; } = new()
    {
        NumWorkers = 2,
        NumGpus = 2,
        HeadCpu = 8,
        RuntimeIdentifier = "image:1",
        HeadScript = "launch_head.py",
        WorkerScript = "launch_worker.py",
    };

    public static async Task<ClusterFixture> StartAsync(bool hasProcesses = false)
    {
        var folder = new TempFolder();
        var server = await FakeCml.StartAsync(hasProcesses ? folder.Path : null);
        server.GivenProject("p");
        return new ClusterFixture(server, folder);
    }

    /// <summary>As another process has one: nothing is shared but the file.</summary>
    public CmlClusterManager NewManager(TimeProvider? time = null)
    {
        var client = Server.Client();
        _clients.Add(client);
        return new CmlClusterManager(
            client, "project-1", new ClusterStateFile(StateFile), time ?? new ImpatientTime(), NullLogger<CmlClusterManager>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Server.DisposeAsync();
        Folder.Dispose();
    }
}
