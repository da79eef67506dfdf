using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Cluster.Tests;

/// <summary>A node that finds no health service, no head, or a service that does not know it. No node becomes the head here.</summary>
public sealed class LoneNodeTests(LoneNodeTests.OneService service) : IClassFixture<LoneNodeTests.OneService>
{
    private HeadFleet Fleet => service.Fleet;

    [NeedsPostgresFact]
    public async Task HealthService_Unreachable_ANodeOfTheWhitelistIsAHeadThatSaysSo()
    {
        await using var node = Fleet.MakeNode("n1", ("HEALTH_URL", "http://127.0.0.1:1"), ("HEALTH_RETRY_INTERVAL", "0"));

        node.Start();

        await node.SaysAsync("⚠ The health service did not answer in 3 tries");
        await node.SaysAsync("Mode: head");
        Assert.Equal(3, node.Log.Split("✗ Health service, try ").Length - 1);
        Assert.Equal(0, (await Fleet.HeadAsync()).Epoch);
    }

    [NeedsPostgresFact]
    public async Task Worker_FindsNoHead_EndsWithFourHints()
    {
        await using var node = Fleet.MakeNode("n9", ("HEAD_ADDRESS", "127.0.0.1:1"), ("WAIT_FOR_HEAD", "1"));

        node.Start();

        Assert.Equal(1, await node.ExitAsync());
        Assert.Equal(4, node.Log.Split("Hint ").Length - 1);
        Assert.Contains("✗ ERROR: no head answers at HEAD_ADDRESS=127.0.0.1:1 after 1 tries", node.Log, StringComparison.Ordinal);
        Assert.StartsWith(
            "Sandbox.Worker does not run. HEAD_ADDRESS: no head answers at 127.0.0.1:1", LastLine(node), StringComparison.Ordinal);
    }

    [NeedsPostgresTheory]
    [InlineData("Cluster__Secret", "another secret that nobody else knows of", "HEALTH_URL: http://127.0.0.1")]
    [InlineData("JOIN_TOKEN", "join_nobodyMadeThis", "the join token (JOIN_TOKEN) is not the one it expects")]
    public async Task Node_ThatCannotBeOfThisCluster_EndsWithALastLineThatNamesTheKey(string key, string value, string named)
    {
        // The health service is there and says no: a node that did not wait for its answer would be a head by itself.
        await using var node = Fleet.MakeNode("n1", (key, value), ("HEALTH_TIMEOUT", "60"));

        node.Start();

        Assert.Equal(1, await node.ExitAsync());
        Assert.StartsWith("Sandbox.Worker does not run.", LastLine(node), StringComparison.Ordinal);
        Assert.Contains(named, LastLine(node), StringComparison.Ordinal);
        Assert.DoesNotContain("nobody", node.Log, StringComparison.Ordinal);
    }

    private static string LastLine(ClusterProcess process) => process.Log.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];

    public sealed class OneService : IAsyncLifetime
    {
        private HeadFleet? _fleet;

        public HeadFleet Fleet => _fleet ?? throw new InvalidOperationException("The health service does not run.");

        public async ValueTask InitializeAsync()
        {
            if (new NeedsPostgresFactAttribute().Skip is null)
            {
                _fleet = await HeadFleet.StartAsync(services: 1, nodes: 1);
            }
        }

        public ValueTask DisposeAsync() => _fleet?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
