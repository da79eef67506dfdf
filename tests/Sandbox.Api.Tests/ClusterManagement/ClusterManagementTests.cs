using System.Text.Json;
using Sandbox.Api.ClusterManagement;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Cml.Fake;

namespace Sandbox.Api.Tests.ClusterManagement;

public sealed class ClusterManagementTests
{
    private const long Gibibyte = 1L << 30;

    private static readonly NodeCapacity Sixteen = new(16, 64 * Gibibyte, long.MaxValue, 2);

    [Fact]
    [Trait("Row", "48")]
    public async Task Node_AddedAndJoinedAndRemoved_IsShownEachTime()
    {
        await using var cluster = await ManagedCluster.StartAsync();
        await cluster.LaunchAsync();

        var added = await cluster.AskAsync(
            200, cluster.Admin, "/resources/nodes/add", """{"cpu":8,"memory":32,"node_type":"gpu-worker"}""");

        var name = Text(added, "app_name");
        Assert.Equal(
            ("launching", 8.0, 32.0, "gpu-worker"),
            (Text(added, "status"), added.GetProperty("cpu").GetDouble(), added.GetProperty("memory").GetDouble(),
                Text(added, "node_type")));
        var application = Assert.Single(cluster.Workspace.Applications, one => one.Name == name);
        Assert.Equal(1, (int?)application.Settings["nvidia_gpu"]);
        var variables = application.Settings["environment"]!;
        Assert.Equal(
            (name, "http://head:8080", "ray-cluster-head.ml.example:6379"),
            ((string?)variables["Worker__NodeName"], (string?)variables["HEALTH_URL"], (string?)variables["RAY_HEAD_ADDRESS"]));
        Assert.Equal((false, 2, 0), await NodeAsync(cluster, name));

        await cluster.JoinAsync(name, Sixteen, Sixteen);
        Assert.Equal((true, 2, 1), await NodeAsync(cluster, name));

        var id = Text(added, "app_id");
        var removed = await cluster.AskAsync(200, cluster.Admin, $"/resources/nodes/{id}", method: HttpMethod.Delete);
        Assert.Equal(("removed", id), (Text(removed, "status"), Text(removed, "app_id")));
        Assert.DoesNotContain(cluster.Workspace.Applications, one => one.Name == name);
        var node = Assert.Single(await cluster.Api.Get<INodeStore>().ListAsync(default));
        Assert.True(node.Draining, "a node that is removed takes nothing new");
        await cluster.AskAsync(404, cluster.Admin, $"/resources/nodes/{id}", method: HttpMethod.Delete);
    }

    [Fact]
    public async Task Nodes_AddedAtTheSameTime_AreAllAdded()
    {
        await using var cluster = await ManagedCluster.StartAsync();
        await cluster.LaunchAsync();

        var added = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => cluster.AskAsync(200, cluster.Admin, "/resources/nodes/add", "{}")));

        Assert.Equal(5, added.Select(node => Text(node, "app_name")).Distinct().Count());
        Assert.Equal(1 + 5, cluster.Workspace.Applications.Count);
    }

    [Fact]
    [Trait("Row", "48")]
    public async Task Capacity_OfTwoNodes_IsTheirSumAndTheCoresInUse()
    {
        await using var cluster = await ManagedCluster.StartAsync();
        Assert.Equal(
            """
            {"total_cpus":0,"available_cpus":0,"total_memory":0,"available_memory":0,"total_gpus":0,"available_gpus":0,"utilization_percent":0}
            """,
            (await cluster.AskAsync(200, cluster.Tenant, "/resources/capacity")).GetRawText());
        await cluster.JoinAsync("a", Sixteen, new NodeCapacity(11, 63 * Gibibyte, long.MaxValue, 1));
        var eight = new NodeCapacity(8, 8 * Gibibyte, long.MaxValue, 0);
        await cluster.JoinAsync("b", eight, eight with { MemoryBytes = 4 * Gibibyte });
        await cluster.JoinAsync("unlimited", NodeCapacity.Unlimited, NodeCapacity.Unlimited);

        var capacity = await cluster.AskAsync(200, cluster.Tenant, "/resources/capacity");

        Assert.Equal(
            """
            {"total_cpus":24,"available_cpus":19,"total_memory":72,"available_memory":67,"total_gpus":2,"available_gpus":1,"utilization_percent":20.83}
            """,
            capacity.GetRawText());
        var status = await cluster.AskAsync(200, cluster.Tenant, "/cluster/status");
        Assert.Equal(
            (true, 3, 3, 24.0),
            (status.GetProperty("healthy").GetBoolean(), status.GetProperty("total_nodes").GetInt32(),
                status.GetProperty("alive_nodes").GetInt32(), status.GetProperty("resources").GetProperty("total_cpus").GetDouble()));
        var nodes = (await cluster.AskAsync(200, cluster.Tenant, "/resources/nodes")).GetProperty("nodes");
        Assert.Equal(
            """{"CPU":16,"memory":68719476736,"GPU":2} {"CPU":5,"memory":1073741824,"GPU":1}""",
            $"{nodes[0].GetProperty("resources").GetRawText()} {nodes[0].GetProperty("resources_used").GetRawText()}");
        Assert.Equal(["gpu-worker", "worker", "worker"], nodes.EnumerateArray().Select(node => Text(node, "node_type")));
        Assert.Equal("{}", nodes[2].GetProperty("resources").GetRawText());
    }

    /// <summary>A node that is dead has nothing to offer.</summary>
    [Fact]
    public void Capacity_OfADeadNode_IsNotCounted()
    {
        var facts = new NodeFacts(
            "n", new Uri("http://n"), "", Sixteen, new Dictionary<string, string>(), [DeploymentKind.Local], "");
        var dead = new NodeView(facts, new NodeLoad(Sixteen, 0, null), 1, NodeView.DeadAfter, Draining: false, Left: false);

        Assert.Equal(0, ClusterResources.CapacityOf([dead]).TotalCpus);
        // More free than there is, which a node might say while its settings change, is all of it.
        var odd = dead with { Silence = TimeSpan.Zero, Load = new NodeLoad(Sixteen with { Cpus = 99 }, 0, null) };
        Assert.Equal((16, 16, 0), (
            ClusterResources.CapacityOf([odd]).TotalCpus, ClusterResources.CapacityOf([odd]).AvailableCpus,
            ClusterResources.CapacityOf([odd]).UtilizationPercent));
    }

    [Theory]
    [Trait("Row", "48")]
    [InlineData("""{"cpu":0.5}""", "cpu: from 1 to 32 cores.")]
    [InlineData("""{"cpu":33}""", "cpu: from 1 to 32 cores.")]
    [InlineData("""{"memory":3}""", "memory: from 4 to 128 GiB.")]
    [InlineData("""{"memory":129}""", "memory: from 4 to 128 GiB.")]
    [InlineData("""{"node_type":"head"}""", "node_type: worker or gpu-worker.")]
    public async Task Node_OutOfBounds_IsAnswered422(string json, string detail)
    {
        await using var cluster = await ManagedCluster.StartAsync();

        Assert.Equal(detail, Text(await cluster.AskAsync(422, cluster.Admin, "/resources/nodes/add", json), "detail"));
    }

    [Fact]
    [Trait("Row", "48")]
    public async Task Cluster_BeforeItsStart_IsAnswered503AndAfterItToldAsItIsWritten()
    {
        await using var cluster = await ManagedCluster.StartAsync();

        await cluster.AskAsync(503, cluster.Tenant, "/cluster/info");
        Assert.Equal("no_cluster", Text(await cluster.AskAsync(503, cluster.Admin, "/resources/nodes/add", "{}"), "code"));
        await cluster.LaunchAsync();

        Assert.Equal(
            """
            {"head_address":"ray-cluster-head.ml.example:6379","dashboard_url":"https://ray-cluster-head.ml.example/dashboard/","management_api_url":"https://ray-cluster-head.ml.example/api/v1","ray_version":"0.1.0","cluster_name":"ray-cluster"}
            """,
            (await cluster.AskAsync(200, cluster.Tenant, "/cluster/info")).GetRawText());
    }

    [Fact]
    public async Task Node_ThatCannotBeAdded_IsAnsweredWithTheReasonAndWithoutTheKey()
    {
        await using var cluster = await ManagedCluster.StartAsync();
        await cluster.LaunchAsync();
        cluster.Workspace.Fail("POST /projects/project-1/applications", 403, "quota of " + FakeCml.Key);

        var problem = await cluster.AskAsync(502, cluster.Admin, "/resources/nodes/add", "{}");

        Assert.Equal("provisioner_failed", Text(problem, "code"));
        Assert.EndsWith("quota of ***", Text(problem, "detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_ChangedByATenant_AreRefused()
    {
        await using var cluster = await ManagedCluster.StartAsync();
        await cluster.LaunchAsync();

        await cluster.AskAsync(403, cluster.Tenant, "/resources/nodes/add", "{}");
        await cluster.AskAsync(403, cluster.Tenant, "/resources/nodes/app-2", method: HttpMethod.Delete);

        Assert.Single(cluster.Workspace.Applications);
    }

    [Fact]
    public async Task Server_WithAConfigurationThatCannotBe_DoesNotStart()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(
            () => ManagedCluster.StartAsync(("ClusterManagement:ConfigFile", "/nothing/here.yaml")));

        Assert.Contains("ClusterManagement:ConfigFile", error.Message, StringComparison.Ordinal);
    }

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;

    /// <summary>Whether a node is alive; how many there are, and how many of them alive.</summary>
    private static async Task<(bool Alive, int Total, int AliveNodes)> NodeAsync(ManagedCluster cluster, string name)
    {
        var answer = await cluster.AskAsync(200, cluster.Tenant, "/resources/nodes");
        var node = answer.GetProperty("nodes").EnumerateArray().Single(one => Text(one, "node_name") == name);
        Assert.Equal((name, "gpu-worker"), (Text(node, "cml_app_name"), Text(node, "node_type")));
        return (
            node.GetProperty("alive").GetBoolean(), answer.GetProperty("total_nodes").GetInt32(),
            answer.GetProperty("alive_nodes").GetInt32());
    }
}
