using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Tests.Servers;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Rollouts;

/// <summary>What the interface says of the machines: of those that the cluster knows, and of those that the inventory names.</summary>
public sealed class NodeStatusTests
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    [NeedsAnsibleFact]
    [Trait("Row", "14")]
    [Trait("Row", "23")]
    public async Task Nodes_ThatStop_AreOfflineAndTheClusterIsDegradedThenFailed()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var server = await RolloutServer.StartAsync(time);
        var nodes = server.Api.Get<INodeStore>();
        var leases = server.Api.Get<ILeaseStore>();
        var alpha = await RegisterAsync(nodes, "alpha", "10.9.0.1");
        // The inventory calls it beta: it is the machine with that address. Sandboxes of the test's server are recorded there.
        await RegisterAsync(nodes, "node-1", "10.9.0.2");
        Assert.NotNull(await leases.TryAcquireAsync(Lease.Head, "alpha/1", Length, default));
        using var started = await server.Api.AskAsync(
            server.Admin, ApiServer.Rock + "/start", """{"image":"busybox","sandbox_id":"s1","auto_delete_seconds":3600}""");
        Assert.StartsWith("""{"status":"Success",""", await started.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var online = await ListAsync(server, server.Reader);

        Assert.Equal(["alpha head ONLINE 10.9.0.1", "node-1 worker ONLINE 10.9.0.2"], online);
        Assert.Equal("HEALTHY", await HealthAsync(server));
        var admin = await server.AskAsync(200, server.Admin, "/nodes");
        Assert.Equal("alive", admin[0].GetProperty("state").GetString());
        Assert.Equal("s1", Assert.Single(admin[1].GetProperty("containers").EnumerateArray()).GetString());
        var container = Assert.Single(
            (await server.AskAsync(200, server.Reader, "/nodes/node-1")).GetProperty("containers").EnumerateArray());
        Assert.Equal(("s1", "running", "busybox"), (
            container.GetProperty("name").GetString(), container.GetProperty("status").GetString(),
            container.GetProperty("image").GetString()));

        // The worker says nothing any more; the head goes on.
        time.Advance(NodeView.DeadAfter);
        Assert.True(await nodes.TryHeartbeatAsync(alpha, new NodeLoad(NodeCapacity.Unlimited, 0, null), Length, default), "alpha lives");
        Assert.NotNull(await leases.TryAcquireAsync(Lease.Head, "alpha/1", Length, default));

        Assert.Equal(
            ["alpha head ONLINE 10.9.0.1", "node-1 worker OFFLINE 10.9.0.2"], await ListAsync(server, server.Reader));
        Assert.Equal("DEGRADED", await HealthAsync(server));

        time.Advance(NodeView.DeadAfter + Length);
        Assert.Equal("FAILED", await HealthAsync(server));
        var details = await server.AskAsync(200, server.Reader, "/nodes/alpha");
        Assert.Equal(("OFFLINE", "head"), (details.GetProperty("status").GetString(), details.GetProperty("role").GetString()));
        await server.AskAsync(404, server.Reader, "/nodes/nope");
    }

    [NeedsAnsibleFact]
    [Trait("Row", "23")]
    public async Task Node_ThatIsInTheInventoryOnly_IsUnknownWithWhatItsCheckpointsTold()
    {
        await using var server = await RolloutServer.StartAsync();
        Assert.Equal("COMPLETED", (await server.RunAsync(RolloutServer.Free)).Status);

        Assert.Equal(
            ["alpha head UNKNOWN 10.9.0.1", "beta worker UNKNOWN 10.9.0.2"], await ListAsync(server, server.Reader));
        var details = await server.AskAsync(200, server.Reader, "/nodes/beta");

        Assert.Equal("here", details.GetProperty("system_info").GetProperty("hostname").GetString());
        Assert.Equal("prerequisites-check", Assert.Single(details.GetProperty("checkpoints").EnumerateArray()).GetString());
        Assert.Empty(details.GetProperty("containers").EnumerateArray());
    }

    private static async Task<IEnumerable<string>> ListAsync(RolloutServer server, string key) =>
        (await server.AskAsync(200, key, "/nodes")).EnumerateArray().Select(
            node => string.Join(' ', ((string[])["name", "role", "status", "ip"]).Select(name => node.GetProperty(name).GetString())));

    private static async Task<string?> HealthAsync(RolloutServer server) =>
        (await server.AskAsync(200, server.Reader, "/cluster/health")).GetProperty("overall_status").GetString();

    private static async Task<Lease> RegisterAsync(INodeStore nodes, string name, string ip)
    {
        var facts = new NodeFacts(
            name, new Uri($"http://{ip}:8090"), ip, NodeCapacity.Unlimited, new Dictionary<string, string>(), [DeploymentKind.Docker], "1");
        var result = await nodes.TryRegisterAsync(facts, $"{name}/1", Length, default);
        return result.TryGet(out var lease, out var error) ? lease : throw new InvalidOperationException(error.Text);
    }
}
