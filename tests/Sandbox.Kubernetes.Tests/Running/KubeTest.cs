using System.Text.Json.Nodes;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Testing;

namespace Sandbox.Kubernetes.Tests.Running;

/// <summary>A fake cluster, and lives of the program on one database.</summary>
public abstract class KubeTest : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _hosts = [];
    private string? _database;

    private protected FakeCluster Cluster { get; private set; } = null!;

    private protected int Port { get; } = ReservedPorts.Next();

    private protected string Folder => _folder.Path;

    public async ValueTask InitializeAsync() => Cluster = await FakeCluster.StartAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await Cluster.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<KubeHost> StartAsync(params (string Name, string Value)[] settings)
    {
        _database ??= await KubeHost.NewDatabaseAsync();
        var host = KubeHost.Build(_database, Folder, Cluster.Address, Port, settings);
        _hosts.Add(host);
        await host.StartAsync();
        return host;
    }

    private protected async Task StopAsync(KubeHost host)
    {
        _hosts.Remove(host);
        await host.DisposeAsync();
    }

    private protected static string NameOf(SandboxInstance sandbox) => $"sandbox-{sandbox.Incarnation}";

    /// <summary>Waits until the object is there and returns it.</summary>
    private protected async Task<JsonObject> MadeAsync(string resource, SandboxInstance sandbox)
    {
        JsonObject? made = null;
        await KubeHost.UntilAsync(
            () => (made = Cluster.All(resource)
                .FirstOrDefault(found => found["metadata"]!["name"]!.GetValue<string>() == NameOf(sandbox))) is not null,
            $"{resource}/{NameOf(sandbox)} is made");
        return made!;
    }

    private protected static JsonObject Labelled(string name, string cluster, IncarnationId incarnation, string sandbox) => new()
    {
        ["apiVersion"] = "v1",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["labels"] = new JsonObject { ["sandbox.aspire/cluster"] = cluster, ["sandbox.aspire/incarnation"] = incarnation.ToString() },
            ["annotations"] = new JsonObject { ["sandbox.aspire/sandbox"] = sandbox },
        },
        ["status"] = new JsonObject { ["phase"] = "Running" },
    };
}
