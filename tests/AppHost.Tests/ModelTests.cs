using Aspire.Hosting.Kubernetes;
using Aspire.Hosting.Kubernetes.Resources;
using Microsoft.Extensions.DependencyInjection;
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
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(Scratch, TestContext.Current.CancellationToken);

        var names = builder.Resources.Select(resource => resource.Name).ToList();

        Assert.Superset(
            new HashSet<string>(["postgres", "sandbox", "redis", "health", "api", .. Nodes, "prometheus", "grafana", "cluster-secret", "database-password"]),
            names.ToHashSet());
        Assert.Equal(2, Find(builder, "api").GetReplicaCount());
        Assert.All(["prometheus", "grafana"], name => Assert.True(
            Find(builder, name).TryGetLastAnnotation<ExplicitStartupAnnotation>(out _), $"{name} is optional: nobody but a person starts it"));
        Assert.Contains("create-demo-sandbox", CommandsOf(builder, "api"));
        Assert.All(Nodes, node => Assert.Contains("drain", CommandsOf(builder, node)));
    }

    [Theory]
    [InlineData("health", "sandbox postgres")]
    [InlineData("api", "sandbox postgres redis")]
    [InlineData("node-1", "sandbox redis health")]
    [InlineData("node-2", "sandbox redis node-1")]
    [InlineData("node-4", "sandbox redis node-1")]
    public async Task Resource_ThatStarts_WaitedForTheHealthOfWhatItNeeds(string name, string needed)
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(Scratch, TestContext.Current.CancellationToken);

        var waits = Find(builder, name).Annotations.OfType<WaitAnnotation>().Where(wait => wait.WaitType is WaitType.WaitUntilHealthy).Select(wait => wait.Resource.Name);

        Assert.Superset(needed.Split(' ').ToHashSet(), waits.ToHashSet());
        Assert.True(Find(builder, name).TryGetLastAnnotation<HealthCheckAnnotation>(out _), $"{name} needs a health check, or nobody can wait for it");
    }

    [Fact]
    public async Task Api_OfARun_IsToldItsStoresAndItsCluster()
    {
        var variables = await EnvironmentAsync("api", [.. Scratch, "--Parameters:database-password=pw", "--Parameters:redis-password=rp", "--Parameters:cluster-secret=" + new string('s', 40)]);

        Assert.Equal("Host=localhost;Port=4001;Username=postgres;Password=pw;Database=sandbox", variables["ConnectionStrings__sandbox"]);
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
        Assert.DoesNotContain("Api__KeyHashes__0", variables.Keys);
    }

    [Fact]
    public async Task Node_OfARun_IsToldWhoDecidesAndWhoMayBeHead()
    {
        var variables = await EnvironmentAsync("node-3", Scratch);

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
            file, "project: {name: demo, version: '1'}\nservices: {api: {port: 8123}, postgres: {password: Qw7-zt5-Lk2-vb9}}\nnodes: {head_whitelist: ['alpha:6391', beta]}\n", TestContext.Current.CancellationToken);
        string[] arguments = [.. Scratch, "--cluster-file", file];
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(arguments, TestContext.Current.CancellationToken);

        var variables = await EnvironmentAsync("beta", arguments);

        Assert.Equal("alpha beta", variables["HEAD_WHITELIST"]);
        Assert.Equal(file, variables["CLUSTER_FILE"]);
        Assert.Equal("beta", variables["Worker__NodeName"]);
        Assert.Superset(new HashSet<string>(["alpha", "beta", "node-3", "node-4"]), builder.Resources.Select(resource => resource.Name).ToHashSet());
        Assert.Contains(Find(builder, "api").Annotations.OfType<EndpointAnnotation>(), endpoint => endpoint is { Name: "http", Port: 8123 });
    }

    [Fact]
    public async Task ClusterFile_ThatBreaksARule_IsRefusedWithWhatIsWrong()
    {
        using var folder = new TempFolder();
        var file = folder.File("cluster.yaml");
        await File.WriteAllTextAsync(file, "project: {name: demo, version: '1'}\nnodes: {head_whitelist: []}\n", TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--cluster-file", file], TestContext.Current.CancellationToken));

        Assert.Contains("--cluster-file: ", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("head_whitelist", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("kubernetes")]
    [InlineData("azure")]
    public async Task Publishing_ElsewhereThanBesideAnEngine_MountsNothingOfTheMachine(string? target)
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--operation", "publish", .. target is null ? Array.Empty<string>() : ["--target", target]], TestContext.Current.CancellationToken);

        Assert.Empty(builder.Resources.Where(resource => resource.Annotations.OfType<ContainerMountAnnotation>().Any(mount => mount.Type is ContainerMountType.BindMount)).Select(resource => resource.Name));
        Assert.DoesNotContain(builder.Resources, resource => resource.Name == "agent");
        Assert.Contains(Find(builder, "postgres").Annotations.OfType<ContainerMountAnnotation>(), mount => mount.Type is ContainerMountType.Volume);
    }

    [Fact]
    public async Task Database_OnKubernetes_OutlivesItsPod()
    {
        await using var builder = await OnKubernetesAsync();

        var environment = Assert.IsType<KubernetesEnvironmentResource>(Find(builder, "k8s"));

        Assert.True(environment.DefaultStorageType is "pvc", $"the database's volume was to be a claim of its own, and is {environment.DefaultStorageType}");
    }

    [Fact]
    public async Task Nodes_OnKubernetes_AreOneProgramOfTwoReplicasThatRunsPods()
    {
        await using var builder = await OnKubernetesAsync();

        var projects = builder.Resources.OfType<ProjectResource>().ToDictionary(project => project.Name, project => project.GetReplicaCount());

        Assert.Equal(new Dictionary<string, int> { ["health"] = 1, ["api"] = 2, ["pods"] = 2 }, projects);
        Assert.EndsWith("Sandbox.Kubernetes.csproj", Find(builder, "pods").Annotations.OfType<IProjectMetadata>().Single().ProjectPath, StringComparison.Ordinal);
        Assert.Contains("drain", CommandsOf(builder, "pods"));
    }

    [Fact]
    public async Task Pods_OnKubernetes_AreToldTheirNameAndWhereTheirAgentsDial()
    {
        await using var builder = await OnKubernetesAsync();
        await using var app = await builder.BuildAsync(TestContext.Current.CancellationToken);

        var variables = await VariablesAsync(app, Find(builder, "pods"));

        Assert.Equal("pods", variables["Worker__NodeName"]);
        Assert.Equal("0.0.0.0:8090", variables["Worker__Listen"]);
        Assert.Equal("0.0.0.0:7070", variables["Worker__AgentListen"]);
        Assert.Equal("{agent-secret.value}", variables["Worker__AgentSecret"]);
        Assert.Equal("{agent-image.value}", variables["Kubernetes__AgentImage"]);
        Assert.Equal("{pods.bindings.agents.host}:{pods.bindings.agents.port}", variables["Kubernetes__OwnerAddress"]);
        Assert.Equal("pod", variables["Kubernetes__Mode"]);
        Assert.Equal("{cluster-secret.value}", variables["Cluster__Secret"]);
        Assert.Equal("{sandbox.connectionString}", variables["ConnectionStrings__sandbox"]);
        Assert.Contains(Find(builder, "pods").Annotations.OfType<EndpointAnnotation>(), endpoint => endpoint is { Name: "agents", TargetPort: 7070, IsExternal: false });
        Assert.Equal("pods", (await VariablesAsync(app, Find(builder, "health")))["HEAD_WHITELIST"]);
        var secret = Assert.IsType<ParameterResource>(Find(builder, "agent-secret"));
        Assert.True(secret.Secret, "the agents' secret was to be a secret");
    }

    [Fact]
    public async Task Pods_OnKubernetes_HaveAnAccountThatMayDoWhatTheyNeedInItsNamespace()
    {
        await using var builder = await OnKubernetesAsync();
        var chart = new KubernetesResource("pods", Find(builder, "pods"), Assert.IsType<KubernetesEnvironmentResource>(Find(builder, "k8s")))
        {
            Workload = new Deployment(),
            ConfigMap = new ConfigMap(),
        };

        Find(builder, "pods").Annotations.OfType<KubernetesServiceCustomizationAnnotation>().Single().Configure(chart);

        var account = Assert.Single(chart.AdditionalResources.OfType<ServiceAccountV1>()).Metadata.Name;
        var role = Assert.Single(chart.AdditionalResources.OfType<Role>());
        var binding = Assert.Single(chart.AdditionalResources.OfType<RoleBinding>());
        var subject = Assert.Single(binding.Subjects);
        Assert.Equal(account, chart.Workload.PodTemplate.Spec.ServiceAccountName);
        Assert.Equal(("ServiceAccount", account, "{{ .Release.Namespace }}"), (subject.Kind, subject.Name, subject.Namespace));
        Assert.Equal(("Role", role.Metadata.Name, "rbac.authorization.k8s.io"), (binding.RoleRef.Kind, binding.RoleRef.Name, binding.RoleRef.ApiGroup));
        Assert.Equal(
            ["pods: create get list watch delete", "secrets: create get list update delete"],
            role.Rules.Select(rule => $"{string.Join(' ', rule.Resources)}: {string.Join(' ', rule.Verbs)}"));
        Assert.All(role.Rules, rule => Assert.Equal([""], rule.ApiGroups));
        Assert.Equal("{{ .Release.Namespace }}", chart.ConfigMap.Data["Kubernetes__Namespace"]);
    }

    [Fact]
    public async Task Nodes_OfARunWithThatTarget_AreWorkersAllTheSame()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            [.. Scratch, "--target", "kubernetes"], TestContext.Current.CancellationToken);

        Assert.All(Nodes, node => Assert.Contains(builder.Resources, resource => resource.Name == node));
        Assert.DoesNotContain(builder.Resources, resource => resource.Name is "pods" or "agent-secret" or "agent-image");
    }

    [Fact]
    public async Task Api_ThatIsPublished_DemandsAKeyAndNamesWhatItIsTold()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--operation", "publish"], TestContext.Current.CancellationToken);
        await using var app = await builder.BuildAsync(TestContext.Current.CancellationToken);

        var variables = await VariablesAsync(app, Find(builder, "api"));

        Assert.Equal("{sandbox.connectionString}", variables["ConnectionStrings__sandbox"]);
        Assert.Equal("{redis.connectionString}", variables["ConnectionStrings__redis"]);
        Assert.Equal("{cluster-secret.value}", variables["Cluster__Secret"]);
        Assert.Equal("{api-key-hash.value}", variables["Api__KeyHashes__0"]);
        Assert.Equal("{api.bindings.http.targetPort}", variables["HTTP_PORTS"]);
        Assert.Contains(Find(builder, "api").Annotations.OfType<EndpointAnnotation>(), endpoint => endpoint is { Name: "http", IsExternal: true });
        Assert.All(
            builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()).Where(endpoint => endpoint.Name != "http"),
            endpoint => Assert.False(endpoint.IsExternal, $"endpoint '{endpoint.Name}' is for the cluster's own and not for the outside"));
    }

    [Fact]
    public async Task Target_ThatIsUnknown_IsRefusedByName()
    {
        var refused = await Assert.ThrowsAnyAsync<Exception>(() =>
            DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--target", "moon"], TestContext.Current.CancellationToken));

        Assert.Contains("--target moon: there are compose, kubernetes and azure", refused.ToString(), StringComparison.Ordinal);
    }

    private static Task<IDistributedApplicationTestingBuilder> OnKubernetesAsync() =>
        DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--operation", "publish", "--target", "kubernetes"], TestContext.Current.CancellationToken);

    private static IResource Find(IDistributedApplicationTestingBuilder builder, string name) => builder.Resources.Single(resource => resource.Name == name);

    private static IEnumerable<string> CommandsOf(IDistributedApplicationTestingBuilder builder, string name) =>
        Find(builder, name).Annotations.OfType<ResourceCommandAnnotation>().Select(command => command.Name);

    /// <summary>What it would be started with, if every endpoint were at 4001 and listened at 5000.</summary>
    private static async Task<Dictionary<string, string>> EnvironmentAsync(string name, string[] arguments)
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(arguments, TestContext.Current.CancellationToken);
        foreach (var endpoint in builder.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>()))
        {
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", 4001, EndpointBindingMode.SingleAddress, targetPortExpression: "5000");
        }

        await using var app = await builder.BuildAsync(TestContext.Current.CancellationToken);
        return await VariablesAsync(app, Find(builder, name));
    }

    private static async Task<Dictionary<string, string>> VariablesAsync(DistributedApplication app, IResource resource)
    {
        var configuration = await ExecutionConfigurationBuilder.Create(resource).WithEnvironmentVariablesConfig().WithArgumentsConfig()
            .BuildAsync(app.Services.GetRequiredService<DistributedApplicationExecutionContext>(), cancellationToken: TestContext.Current.CancellationToken);
        return configuration.EnvironmentVariables.ToDictionary(one => one.Key, one => one.Value);
    }
}
