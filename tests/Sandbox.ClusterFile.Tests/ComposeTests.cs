using System.Globalization;
using Npgsql;
using Sandbox.ClusterFile.Compose;
using Sandbox.Testing;
using YamlDotNet.RepresentationModel;

namespace Sandbox.ClusterFile.Tests;

/// <summary>The compose text, read back as YAML.</summary>
public sealed class ComposeTests
{
    [Fact]
    public void Main_OnAHostWithGpus_HasEveryService()
    {
        var main = MainText(Given.Plan(hasGpu: true));

        Assert.Equal("demo", At(main, "name"));
        Assert.Equal(["postgres", "redis", "health", "api", "node-cpu", "node-gpu"], Keys(main, "services"));
        Assert.All(Keys(main, "services"), name =>
        {
            Assert.Equal($"demo-{name}", At(main, $"services.{name}.container_name"));
            Assert.Equal(name, At(main, $"services.{name}.hostname"));
        });
        Assert.Equal("172.28.0.0/16", At(main, "networks.cluster-network.ipam.config.0.subnet"));
        Assert.Equal("bridge", At(main, "networks.cluster-network.driver"));
    }

    [Fact]
    public void Main_WithoutGpus_HasNoGpuNode() =>
        Assert.Equal(["postgres", "redis", "health", "api", "node-cpu"], Keys(MainText(Given.Plan(hasGpu: false)), "services"));

    [Fact]
    public void Main_WithDisabledServices_LeavesThemOut()
    {
        var plan = Given.Plan(
            hasGpu: true, ("services.redis.enabled", "false"), ("services.api.enabled", "false"), ("services.nodes.gpu.enabled", "false"));

        Assert.Equal(["postgres", "health", "node-cpu"], Keys(MainText(plan), "services"));
        Assert.Equal("", SecretOf(plan, "node-cpu", "ConnectionStrings__redis"));
    }

    [Fact]
    public void Nodes_WaitForHealthAndForOneAnother()
    {
        var main = MainText(Given.Plan(hasGpu: true));

        Assert.Equal("service_healthy", At(main, "services.node-cpu.depends_on.health.condition"));
        Assert.Equal(["health", "postgres"], Keys(main, "services.node-cpu.depends_on"));
        Assert.Equal("service_started", At(main, "services.node-gpu.depends_on.node-cpu.condition"));
        Assert.Equal("service_healthy", At(main, "services.node-gpu.depends_on.health.condition"));
        Assert.Equal("service_healthy", At(main, "services.health.depends_on.postgres.condition"));
        Assert.Equal(
            ["CMD", "curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/"],
            Items(main, "services.health.healthcheck.test"));
        Assert.Equal(("5s", "3s", "10", "3s"), (
            At(main, "services.health.healthcheck.interval"), At(main, "services.health.healthcheck.timeout"),
            At(main, "services.health.healthcheck.retries"), At(main, "services.health.healthcheck.start_period")));
    }

    [Fact]
    public void Nodes_GetTheirSectionAsEnvironment()
    {
        var main = MainText(Given.Plan(
            hasGpu: true, ("nodes.head_whitelist", "node-gpu:6380 node-cpu:6379"), ("nodes.head_address", "node-gpu:6380"),
            ("nodes.health_service.timeout", "2.5"), ("nodes.health_service.max_retries", "7"),
            ("nodes.health_service.retry_interval", "0.25"),
            ("nodes.cluster.discovery_timeout", "4"), ("nodes.cluster.wait_for_head", "60"), ("services.nodes.gpu.cpus", "4"),
            ("services.nodes.gpu.memory", "8g"), ("host.gpu_type", "l40s")));

        foreach (var node in new[] { "node-cpu", "node-gpu" })
        {
            Assert.Equal(
                ("node-gpu:6380 node-cpu:6379", "http://health:8080", "2.5", "7", "0.25", "4", "60", "node-gpu:6380"),
                (Env(main, node, "HEAD_WHITELIST"), Env(main, node, "HEALTH_URL"), Env(main, node, "HEALTH_TIMEOUT"),
                    Env(main, node, "HEALTH_MAX_RETRIES"),
                    Env(main, node, "HEALTH_RETRY_INTERVAL"), Env(main, node, "DISCOVERY_TIMEOUT"), Env(main, node, "WAIT_FOR_HEAD"),
                    Env(main, node, "HEAD_ADDRESS_CFG")));
        }

        Assert.Equal("node-gpu:6380 node-cpu:6379", Env(main, "health", "HEAD_WHITELIST"));
        Assert.Equal(("6379", "6380"), (Env(main, "node-cpu", "HEAD_PORT"), Env(main, "node-gpu", "HEAD_PORT")));
        Assert.Equal(("6390", "172.28.0.1"), (Env(main, "node-cpu", "HEAD_PUBLISHED_PORT"), Env(main, "node-cpu", "NODE_IP_ADDRESS")));
        Assert.Equal(
            ("4", (8L << 30).ToString(CultureInfo.InvariantCulture), "1", "l40s"),
            (Env(main, "node-gpu", "Worker__Capacity__Cpus"), Env(main, "node-gpu", "Worker__Capacity__MemoryBytes"),
                Env(main, "node-gpu", "Worker__Capacity__Gpus"), Env(main, "node-gpu", "Worker__Labels__gpu_type")));
        Assert.Equal("0", Env(main, "node-gpu", "Worker__Gpus__0"));
        Assert.DoesNotContain("Worker__Gpus__1", Keys(main, "services.node-gpu.environment"));
        Assert.DoesNotContain("Worker__Capacity__Cpus", Keys(main, "services.node-cpu.environment"));
        Assert.DoesNotContain("HEAD_ADDRESS", Keys(main, "services.node-cpu.environment"));
    }

    [Fact]
    public void Nodes_MountTheEnginesSocketAndTheirDataAtTheSamePath()
    {
        var main = MainText(Given.Plan(hasGpu: true));

        Assert.Equal(
            ["/run/docker.sock:/var/run/docker.sock", "/var/lib/sandbox/demo/node-gpu:/var/lib/sandbox/demo/node-gpu",
                "/var/lib/sandbox/demo/agent:/var/lib/sandbox/demo/agent:ro",
                "/var/lib/sandbox/demo/secrets/node-gpu:/run/sandbox-secrets:ro"],
            Items(main, "services.node-gpu.volumes"));
        Assert.Equal(["998"], Items(main, "services.node-gpu.group_add"));
        Assert.Equal(["/var/lib/sandbox/demo/secrets/api:/run/sandbox-secrets:ro"], Items(main, "services.api.volumes"));
        Assert.Equal("/var/lib/sandbox/demo/node-gpu", Env(main, "node-gpu", "Worker__DataFolder"));
    }

    [Fact]
    public void Ports_OfTheHost_LeadToThoseOfTheContainers()
    {
        var main = MainText(
            Given.Plan(hasGpu: true, ("services.nodes.cpu.min_worker_port", "31000"), ("services.nodes.cpu.max_worker_port", "31001")));

        Assert.Equal(
            OnThisMachine("6390:6379", "8265:8265", "10001:10001", "31000:31000", "31001:31001"), Items(main, "services.node-cpu.ports"));
        Assert.Equal(OnThisMachine("6391:6380", "8266:8265", "10002:10001"), Items(main, "services.node-gpu.ports"));
        Assert.Equal(OnThisMachine("8888:8080"), Items(main, "services.health.ports"));
        Assert.Equal(OnThisMachine("6381:6379"), Items(main, "services.redis.ports"));
        Assert.Equal(OnThisMachine("5433:5432"), Items(main, "services.postgres.ports"));
    }

    [Theory]
    [InlineData("host.ip_address", "192.0.2.7", "0.0.0.0:8080:8080", "127.0.0.1:5433:5432 172.28.0.1:5433:5432")]
    [InlineData("host.publish_address", "0.0.0.0", "0.0.0.0:8080:8080", "127.0.0.1:5433:5432 172.28.0.1:5433:5432")]
    [InlineData(
        "host.publish_address", "192.0.2.9", "192.0.2.9:8080:8080 172.28.0.1:8080:8080", "127.0.0.1:5433:5432 172.28.0.1:5433:5432")]
    [InlineData("host.store_address", "0.0.0.0", "127.0.0.1:8080:8080 172.28.0.1:8080:8080", "0.0.0.0:5433:5432")]
    [InlineData("network.subnet", "10.9.8.16/28", "127.0.0.1:8080:8080 10.9.8.17:8080:8080", "127.0.0.1:5433:5432 10.9.8.17:5433:5432")]
    public void Ports_ArePublishedForOthersOnlyWhereTheFileSaysSo(string setting, string value, string api, string postgres)
    {
        var main = MainText(Given.Plan(hasGpu: false, (setting, value)));

        Assert.Equal(api.Split(' '), Items(main, "services.api.ports"));
        Assert.Equal(postgres.Split(' '), Items(main, "services.postgres.ports"));
    }

    [Fact]
    public void Containers_HaveNoRightsOfRootsAndGainNone()
    {
        var main = MainText(Given.Plan(hasGpu: true));

        Assert.All(Keys(main, "services"), name =>
        {
            Assert.Equal(["ALL"], Items(main, $"services.{name}.cap_drop"));
            Assert.Equal(["no-new-privileges:true"], Items(main, $"services.{name}.security_opt"));
            Assert.InRange(int.Parse(At(main, $"services.{name}.pids_limit"), CultureInfo.InvariantCulture), 1, 10_000);
            Assert.Equal("true", At(main, $"services.{name}.read_only"));
            Assert.Equal(["/tmp"], Items(main, $"services.{name}.tmpfs"));
        });
    }

    [Fact]
    public void Limits_StandThereOnlyWhenSaid()
    {
        var main = MainText(Given.Plan(hasGpu: true, ("services.nodes.cpu.limit_cpus", "1.5"), ("services.nodes.cpu.limit_memory", "2G")));

        Assert.Equal(
            ("1.5", "2g"),
            (At(main, "services.node-cpu.deploy.resources.limits.cpus"), At(main, "services.node-cpu.deploy.resources.limits.memory")));
        Assert.DoesNotContain("deploy", Keys(main, "services.node-gpu"));
    }

    [Fact]
    public void Build_WhenEnabled_StandsBesideTheImage()
    {
        var main = MainText(Given.Plan(
            hasGpu: true, ("services.nodes.image", "nodes:1"), ("services.nodes.gpu.image", "gpu:2"),
            ("services.nodes.gpu.build.enabled", "true"),
            ("services.nodes.gpu.build.context", "images"), ("services.nodes.gpu.build.target", "final")));

        Assert.Equal(("nodes:1", "gpu:2"), (At(main, "services.node-cpu.image"), At(main, "services.node-gpu.image")));
        Assert.Equal(("/srv/demo/images", "Dockerfile", "final"), (
            At(main, "services.node-gpu.build.context"), At(main, "services.node-gpu.build.dockerfile"),
            At(main, "services.node-gpu.build.target")));
        Assert.DoesNotContain("build", Keys(main, "services.node-cpu"));
    }

    [Fact]
    public void Values_ThatComposeWouldReplace_AreEscaped()
    {
        var plan = Given.Plan(hasGpu: true, ("host.gpu_type", "l40-$HOME"));

        Assert.Equal("l40-$$HOME", Env(MainText(plan), "node-gpu", "Worker__Labels__gpu_type"));
    }

    [Fact]
    public void Password_WithWhatEndsAValue_ArrivesAsItIs()
    {
        var plan = Given.Plan(hasGpu: false, ("services.postgres.password", Given.StrangePassword));

        Assert.Equal(Given.StrangePassword, SecretOf(plan, "postgres", "POSTGRES_PASSWORD"));
        Assert.All(["health", "api", "node-cpu"], service =>
        {
            var connection = new NpgsqlConnectionStringBuilder(SecretOf(plan, service, "ConnectionStrings__sandbox"));
            Assert.Equal((Given.StrangePassword, "postgres", "sandbox"), (connection.Password, connection.Host, connection.Database));
        });
    }

    [Fact]
    public void Connection_OfADatabaseElsewhere_ArrivesAsItIs()
    {
        var connection = new NpgsqlConnectionStringBuilder { Host = "db.example", Password = Given.StrangePassword }.ConnectionString;
        var plan = Given.Plan(
            hasGpu: false, ("services.postgres.enabled", "false"), ("services.postgres.password", ""),
            ("services.postgres.connection", connection));

        Assert.Equal(connection, SecretOf(plan, "api", "ConnectionStrings__sandbox"));
    }

    [Fact]
    public void Secrets_StandInNoLabel()
    {
        var plan = Given.Plan(hasGpu: true);
        string[] secrets = [Given.Password, "cluster-secret", "redis-secret", "api-key"];

        Assert.All(
            MainCluster.Make(plan).Services.Concat(TestCluster.Make(plan, null, null).Services),
            service =>
                Assert.DoesNotContain(
                    service.Labels.Values, value => secrets.Any(secret => value.Contains(secret, StringComparison.Ordinal))));
    }

    [Fact]
    public void Secrets_StandInNoText()
    {
        var plan = Given.Plan(hasGpu: true);
        string[] secrets = [Given.Password, "cluster-secret", "redis-secret", "api-key"];

        var text = ComposeText.Write(MainCluster.Make(plan)) + ComposeText.Write(TestCluster.Make(plan, "gpu", null));

        Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Secrets_AreFilesOfTheirOwnersAlone_OneFolderForEachService()
    {
        using var folder = new TempFolder();
        var plan = Given.Plan(hasGpu: false) with
        {
            Machine = new MachineFacts(folder.Path, folder.Path, "/run/docker.sock", "998", "1000:1000"),
        };

        await SecretFiles.WriteAsync(MainCluster.Make(plan), plan, TestContext.Current.CancellationToken);

        var root = folder.File("secrets");
        var files = Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).ToList();
        Assert.Equal(
            ["POSTGRES_PASSWORD"], Directory.EnumerateFiles(Path.Combine(root, "postgres")).Select(file => Path.GetFileName(file)));
        Assert.Equal(Given.Password, await File.ReadAllTextAsync(
            Path.Combine(root, "postgres", "POSTGRES_PASSWORD"), TestContext.Current.CancellationToken));
        Assert.Contains(
            "cluster-secret", files.Where(file => file.Contains("/node-cpu/", StringComparison.Ordinal)).Select(File.ReadAllText));
        Assert.All(files, file => Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.All(
            Directory.EnumerateDirectories(root),
            one => Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(one)));
    }

    [Fact]
    public void Test_OfAClusterForOthers_KnowsItByTheHostsAddress_AndItsStoresByThatOfTheirNetwork()
    {
        var test = TestText(Given.Plan(hasGpu: true, ("host.ip_address", "192.0.2.7")), null, null);

        Assert.Equal(
            ["postgres:172.28.0.1", "redis:172.28.0.1", "health:192.0.2.7", "api:192.0.2.7", "node-cpu:192.0.2.7", "node-gpu:192.0.2.7"],
            Items(test, "services.test-worker.extra_hosts"));
        Assert.Equal("http://192.0.2.7:10001", Env(test, "test-client", "SANDBOX_URL"));
    }

    [Fact]
    public void Test_OnItsOwnNetwork_KnowsTheClusterByAnAddressOfTheHost()
    {
        var test = TestText(Given.Plan(hasGpu: true), null, null);

        Assert.Equal("demo-test", At(test, "name"));
        Assert.Equal(["test-client", "test-worker"], Keys(test, "services"));
        Assert.Equal(["test-network"], Keys(test, "networks"));
        Assert.Equal("172.30.0.0/24", At(test, "networks.test-network.ipam.config.0.subnet"));
        string[] names = ["postgres", "redis", "health", "api", "node-cpu", "node-gpu"];
        foreach (var service in Keys(test, "services"))
        {
            Assert.Equal(["test-network"], Items(test, $"services.{service}.networks"));
            Assert.Equal([.. names.Select(name => $"{name}:172.28.0.1")], Items(test, $"services.{service}.extra_hosts"));
        }
    }

    [Fact]
    public void TestWorker_ComesInThroughPublishedPorts()
    {
        var plan = Given.Plan(hasGpu: true);
        var secrets = TestCluster.Make(plan, null, null).Find("test-worker")!.Secrets;
        var test = TestText(plan, null, null);

        Assert.Equal("node-cpu:6390", Env(test, "test-worker", "HEAD_ADDRESS"));
        Assert.Equal("http://health:8888", Env(test, "test-worker", "HEALTH_URL"));
        Assert.Equal("http://172.28.0.1:30000", Env(test, "test-worker", "Worker__Address"));
        Assert.Contains("Host=postgres;Port=5433;", secrets["ConnectionStrings__sandbox"], StringComparison.Ordinal);
        Assert.StartsWith("redis:6381,", secrets["ConnectionStrings__redis"], StringComparison.Ordinal);
        Assert.Equal(
            OnThisMachine(["30000:8090", .. Enumerable.Range(30010, 11).Select(port => $"{port}:{port}")]),
            Items(test, "services.test-worker.ports"));
        Assert.Equal(("2", "0"), (Env(test, "test-worker", "Worker__Capacity__Cpus"), Env(test, "test-worker", "Worker__Capacity__Gpus")));
        Assert.Equal("http://172.28.0.1:10001", Env(test, "test-client", "SANDBOX_URL"));
        Assert.DoesNotContain("restart", Keys(test, "services.test-worker"));
    }

    [Fact]
    public void Head_ThatWasAskedFor_ArrivesAtTheWorker() =>
        Assert.Equal("node-gpu:6391", Env(TestText(Given.Plan(hasGpu: true), null, "node-gpu:6391"), "test-worker", "HEAD_ADDRESS"));

    [Fact]
    public void Target_Gpu_AddsAWorkerWithoutGpus()
    {
        var test = TestText(Given.Plan(hasGpu: true), "gpu", null);

        Assert.Equal(["test-client", "test-worker", "test-worker-cpu"], Keys(test, "services"));
        Assert.Equal("node-gpu:6391", Env(test, "test-worker-cpu", "HEAD_ADDRESS"));
        Assert.Equal("http://172.28.0.1:10002", Env(test, "test-client", "SANDBOX_URL"));
        Assert.Contains("127.0.0.1:30100:8090", Items(test, "services.test-worker-cpu.ports"));
    }

    [Fact]
    public void Target_ThatCannotBe_IsRefused()
    {
        Assert.Null(TestCluster.WhyNotTarget(Given.Plan(hasGpu: true), "gpu"));
        Assert.Null(TestCluster.WhyNotTarget(Given.Plan(hasGpu: false), "cpu"));
        Assert.Equal("target gpu needs a host with GPUs (host.has_gpu)", TestCluster.WhyNotTarget(Given.Plan(hasGpu: false), "gpu"));
        Assert.Equal(
            "target gpu needs services.nodes.gpu to be enabled",
            TestCluster.WhyNotTarget(Given.Plan(hasGpu: true, ("services.nodes.gpu.enabled", "false")), "gpu"));
        Assert.Equal(
            "target cpu needs services.nodes.cpu to be enabled",
            TestCluster.WhyNotTarget(Given.Plan(hasGpu: true, ("services.nodes.cpu.enabled", "false")), null));
    }

    /// <summary>Published for the machine and for containers on it, and for no other machine.</summary>
    private static List<string> OnThisMachine(params IEnumerable<string> ports) =>
        [.. ports.SelectMany(port => (string[])[$"127.0.0.1:{port}", $"172.28.0.1:{port}"])];

    private static string SecretOf(ClusterPlan plan, string service, string name) => MainCluster.Make(plan).Find(service)!.Secrets[name];

    private static YamlNode MainText(ClusterPlan plan) => Parse(ComposeText.Write(MainCluster.Make(plan)));

    private static YamlNode TestText(ClusterPlan plan, string? target, string? head) =>
        Parse(ComposeText.Write(TestCluster.Make(plan, target, head)));

    private static YamlNode Parse(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return stream.Documents[0].RootNode;
    }

    private static string Env(YamlNode root, string service, string name) =>
        ((YamlScalarNode)Node(root, $"services.{service}.environment")[name]).Value!;

    private static string At(YamlNode root, string path) => ((YamlScalarNode)Node(root, path)).Value!;

    private static List<string> Keys(YamlNode root, string path) =>
        [.. ((YamlMappingNode)Node(root, path)).Children.Keys.Select(key => ((YamlScalarNode)key).Value!)];

    private static List<string> Items(YamlNode root, string path) =>
        [.. ((YamlSequenceNode)Node(root, path)).Children.Select(item => ((YamlScalarNode)item).Value!)];

    private static YamlNode Node(YamlNode root, string path) => path.Split('.').Aggregate(
        root, (node, part) => int.TryParse(part, CultureInfo.InvariantCulture, out var index) ? node[index] : node[part]);
}
