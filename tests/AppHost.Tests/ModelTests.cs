using Sandbox.Testing;

namespace AppHost.Tests;

/// <summary>The floor plan as it is described, not run.</summary>
public sealed class ModelTests
{
    private static readonly string[] Nodes = ["node-1", "node-2", "node-3", "node-4"];
    private static readonly string[] Scratch = ["--scratch", "/tmp/unused"];

    [Fact]
    public async Task Resources_OfARun_AreAllThere()
    {
        await using var builder = await FloorPlan.ReadAsync(Scratch);

        var names = builder.Resources.Select(resource => resource.Name).ToList();

        HashSet<string> expected =
        [
            "postgres", "sandbox", "redis", "health", "api", .. Nodes, "prometheus", "grafana", "cluster-secret", "database-password",
        ];
        Assert.Superset(expected, names.ToHashSet());
        Assert.Equal(2, builder.Find("api").GetReplicaCount());
        Assert.All(["prometheus", "grafana"], name => Assert.True(
            builder.Find(name).TryGetLastAnnotation<ExplicitStartupAnnotation>(out _),
            $"{name} is optional: only a person starts it"));
        Assert.Contains("create-demo-sandbox", builder.CommandsOf("api"));
        Assert.All(Nodes, node => Assert.Contains("drain", builder.CommandsOf(node)));
    }

    [Theory]
    [InlineData("health", "sandbox postgres")]
    [InlineData("api", "sandbox postgres redis")]
    [InlineData("node-1", "sandbox redis health")]
    [InlineData("node-2", "sandbox redis node-1")]
    [InlineData("node-4", "sandbox redis node-1")]
    public async Task Resource_ThatStarts_WaitedForTheHealthOfWhatItNeeds(string name, string needed)
    {
        await using var builder = await FloorPlan.ReadAsync(Scratch);

        var waits = builder.Find(name).Annotations.OfType<WaitAnnotation>()
            .Where(wait => wait.WaitType is WaitType.WaitUntilHealthy).Select(wait => wait.Resource.Name);

        Assert.Superset(needed.Split(' ').ToHashSet(), waits.ToHashSet());
        Assert.True(
            builder.Find(name).TryGetLastAnnotation<HealthCheckAnnotation>(out _),
            $"{name} needs a health check, or no other resource can wait for it");
    }

    /// <summary>What the dashboard draws: which resource refers to which, and which belongs below which.</summary>
    [Theory]
    [InlineData("api", "sandbox redis node-1 node-2 node-3 node-4")]
    [InlineData("node-2", "sandbox redis health node-1")]
    [InlineData("health", "sandbox")]
    [InlineData("grafana", "prometheus")]
    [InlineData("database-password", "postgres")]
    public async Task Graph_OfARun_LeadsFromEachPartToWhatItCalls(string name, string called)
    {
        await using var builder = await FloorPlan.ReadAsync(Scratch);

        var related = builder.Find(name).Annotations.OfType<ResourceRelationshipAnnotation>().Select(relation => relation.Resource.Name);

        Assert.Superset(called.Split(' ').ToHashSet(), related.ToHashSet());
    }

    [Fact]
    public async Task Resources_OfARun_HaveAnIconOfTheirOwn()
    {
        await using var builder = await FloorPlan.ReadAsync(Scratch);

        var plain = builder.Resources
            .Where(resource => resource is not PostgresDatabaseResource && !resource.Name.EndsWith("-rebuilder", StringComparison.Ordinal))
            .Where(resource => !resource.TryGetLastAnnotation<ResourceIconAnnotation>(out _)).Select(resource => resource.Name);

        Assert.Empty(plain);
    }

    [Fact]
    public async Task Api_OfARun_IsToldItsStoresAndItsCluster()
    {
        var variables = await FloorPlan.EnvironmentAsync(
            "api",
            [
                .. Scratch,
                "--Parameters:database-password=pw",
                "--Parameters:redis-password=rp",
                "--Parameters:cluster-secret=" + new string('s', 40),
            ]);

        Assert.Equal("Host=localhost;Port=4001;Username=postgres;Password='pw';Database=sandbox", variables["ConnectionStrings__sandbox"]);
        Assert.Equal("localhost", variables["SANDBOX_HOST"]);
        Assert.Equal("4001", variables["SANDBOX_PORT"]);
        Assert.Equal("postgres", variables["SANDBOX_USERNAME"]);
        Assert.Equal("pw", variables["SANDBOX_PASSWORD"]);
        Assert.Equal("sandbox", variables["SANDBOX_DATABASENAME"]);
        Assert.Equal("postgresql://postgres:pw@localhost:4001/sandbox", variables["SANDBOX_URI"]);
        Assert.StartsWith("localhost:4001,password=rp", variables["ConnectionStrings__redis"], StringComparison.Ordinal);
        Assert.Equal("rp", variables["REDIS_PASSWORD"]);
        Assert.Equal(new string('s', 40), variables["Cluster__Secret"]);
        Assert.Equal("http://localhost:5000", variables["ASPNETCORE_URLS"]);
        Assert.Equal("127.0.0.1:5000", variables["Internal__Listen"]);
        Assert.Equal("simple", variables["LOGGING__CONSOLE__FORMATTERNAME"]);
        // The hash of a key that is another one for each run.
        Assert.Matches("^[0-9A-F]{64}$", variables["Api__KeyHashes__0"]);
    }

    [Fact]
    public async Task Node_OfARun_IsToldWhoDecidesAndWhoMayBeHead()
    {
        var variables = await FloorPlan.EnvironmentAsync("node-3", Scratch);

        Assert.Equal("node-3", variables["Worker__NodeName"]);
        Assert.Equal("node-1 node-2", variables["HEAD_WHITELIST"]);
        Assert.Equal("http://localhost:4001", variables["HEALTH_URL"]);
        Assert.Equal("http://localhost:4001", variables["services__health__http__0"]);
        Assert.Equal("http://localhost:4001", variables["HEALTH_HTTP"]);
        Assert.Equal("5000", variables["HEAD_PORT"]);
        Assert.Equal("localhost:4001", variables["HEAD_ADDRESS_CFG"]);
        Assert.Equal("/tmp/unused/node-3", variables["Worker__DataFolder"]);
    }

    [Fact]
    public async Task ClusterFile_OfARun_SaysWhoMayBeHeadAndWhereTheApiIs()
    {
        using var folder = new TempFolder();
        var file = folder.File("cluster.yaml");
        await File.WriteAllTextAsync(
            file,
            "project: {name: demo, version: '1'}\nservices: {api: {port: 8123}, postgres: {password: Qw7-zt5-Lk2-vb9}}\n"
            + "nodes: {head_whitelist: ['alpha:6391', beta]}\n",
            TestContext.Current.CancellationToken);
        string[] arguments = [.. Scratch, "--cluster-file", file];
        await using var builder = await FloorPlan.ReadAsync(arguments);

        var variables = await FloorPlan.EnvironmentAsync("beta", arguments);

        Assert.Equal("alpha beta", variables["HEAD_WHITELIST"]);
        Assert.Equal(file, variables["CLUSTER_FILE"]);
        Assert.Equal("beta", variables["Worker__NodeName"]);
        Assert.Superset(
            new HashSet<string>(["alpha", "beta", "node-3", "node-4"]), builder.Resources.Select(resource => resource.Name).ToHashSet());
        Assert.Contains(builder.Find("api").Annotations.OfType<EndpointAnnotation>(), endpoint => endpoint is { Name: "http", Port: 8123 });
    }

    [Fact]
    public async Task ClusterFile_ThatBreaksARule_IsRefusedWithWhatIsWrong()
    {
        using var folder = new TempFolder();
        var file = folder.File("cluster.yaml");
        await File.WriteAllTextAsync(
            file, "project: {name: demo, version: '1'}\nnodes: {head_whitelist: []}\n", TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
                ["--cluster-file", file], TestContext.Current.CancellationToken));

        Assert.Contains("--cluster-file: ", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("head_whitelist", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publishing_AnyWhere_MountsNothingOfTheMachine()
    {
        await using var builder = await FloorPlan.ReadAsync("--operation", "publish");

        Assert.Empty(builder.Resources
            .Where(resource => resource.Annotations.OfType<ContainerMountAnnotation>()
                .Any(mount => mount.Type is ContainerMountType.BindMount))
            .Select(resource => resource.Name));
        Assert.DoesNotContain(builder.Resources, resource => resource.Name == "agent");
        Assert.Contains(
            builder.Find("postgres").Annotations.OfType<ContainerMountAnnotation>(), mount => mount.Type is ContainerMountType.Volume);
    }

    [Fact]
    public async Task Api_ThatIsPublished_DemandsAKeyAndNamesWhatItIsTold()
    {
        await using var builder = await FloorPlan.ReadAsync("--operation", "publish");
        await using var app = await builder.BuildAsync(TestContext.Current.CancellationToken);

        var variables = await app.VariablesAsync(builder.Find("api"));

        Assert.Equal("{sandbox.connectionString}", variables["ConnectionStrings__sandbox"]);
        Assert.Equal("{redis.connectionString}", variables["ConnectionStrings__redis"]);
        Assert.Equal("{cluster-secret.value}", variables["Cluster__Secret"]);
        Assert.Equal("{api-key-hash.value}", variables["Api__KeyHashes__0"]);
        Assert.Equal("{api.bindings.http.targetPort}", variables["HTTP_PORTS"]);
        Assert.Contains(
            builder.Find("api").Annotations.OfType<EndpointAnnotation>(), endpoint => endpoint is { Name: "http", IsExternal: true });
        Assert.All(
            builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>())
                .Where(endpoint => endpoint.Name != "http"),
            endpoint => Assert.False(endpoint.IsExternal, $"endpoint '{endpoint.Name}' is for the cluster's own and not for the outside"));
    }
}
