namespace Sandbox.ClusterFile.Tests;

/// <summary>Every rule of cluster.yaml with what it lets pass and what it refuses, and in which words.</summary>
public sealed class RuleTests
{
    private const string Memory = "must be a whole number above zero with g or m, for example 4g or 512m";
    private const string Subnet = "must be an IPv4 subnet like 172.28.0.0/16, from /8 to /28, without bits of a host";
    private const string Port = "must be a port from 1024 to 65535";
    private const string Address = "must be an IPv4 address that is neither 0.0.0.0 nor loopback";
    private const string Name = "must be 1 to 40 lower-case letters, digits, '-' or '_', the first a letter or digit";

    [Theory]
    [InlineData("project.name", "a")]
    [InlineData("project.name", "demo-2_b")]
    [InlineData("project.version", "0.1.0")]
    [InlineData("host.has_gpu", "true")]
    [InlineData("host.has_gpu", "False")]
    [InlineData("host.gpu_type", "l40s")]
    [InlineData("host.hostname", "sandbox.example")]
    [InlineData("host.ip_address", "192.0.2.7")]
    [InlineData("network.subnet", "10.0.0.0/8")]
    [InlineData("network.subnet", "192.168.5.16/28")]
    [InlineData("services.nodes.cpu.cpus", "0.5")]
    [InlineData("services.nodes.cpu.memory", "8g")]
    [InlineData("services.nodes.cpu.memory", "512M")]
    [InlineData("services.nodes.cpu.memory", "01g")]
    [InlineData("services.nodes.cpu.limit_memory", "100G")]
    [InlineData("services.nodes.cpu.gpus", "0")]
    [InlineData("services.nodes.cpu.head_port", "1024")]
    [InlineData("services.nodes.cpu.head_port", "65535")]
    [InlineData("services.health.port", "8889")]
    [InlineData("services.postgres.user", "sandbox_2")]
    [InlineData("services.postgres.password", "Vh7-2kd93-kwq")]
    [InlineData("services.postgres.password", "a;b,c$d@e%f \"g' h\\i=j")]
    [InlineData("volumes.node_data", "/srv/nodes")]
    [InlineData("cluster_test.target", "gpu")]
    [InlineData("cluster_test.test_network_subnet", "172.31.0.0/24")]
    [InlineData("nodes.head_whitelist", "node-cpu:6379 node-gpu:6380 10.0.0.9")]
    [InlineData("nodes.head_address", "node-gpu:6391")]
    [InlineData("nodes.health_service.url", "https://health.example/")]
    [InlineData("nodes.health_service.timeout", "1")]
    [InlineData("nodes.health_service.max_retries", "0")]
    [InlineData("nodes.health_service.retry_interval", "0")]
    [InlineData("nodes.cluster.discovery_timeout", "0.1")]
    [InlineData("nodes.cluster.wait_for_head", "0")]
    public void Value_ThatIsGood_Passes(string path, string value) => Given.Good(Given.With((path, value)));

    [Theory]
    [InlineData("project.name", "", "project.name: must not be empty")]
    [InlineData("project.name", "Demo", $"project.name: {Name}, not 'Demo'")]
    [InlineData("project.name", "-demo", $"project.name: {Name}, not '-demo'")]
    [InlineData(
        "project.name", "a234567890b234567890c234567890d234567890e",
        $"project.name: {Name}, not 'a234567890b234567890c234567890d234567890e'")]
    [InlineData("project.version", " ", "project.version: must not be empty, not ' '")]
    [InlineData("host.has_gpu", "maybe", "host.has_gpu: must be true or false, not 'maybe' (SANDBOX_CLUSTER__host__has_gpu)")]
    [InlineData("host.ip_address", "127.0.0.1", $"host.ip_address: {Address}, not '127.0.0.1'")]
    [InlineData("host.ip_address", "0.0.0.0", $"host.ip_address: {Address}, not '0.0.0.0'")]
    [InlineData("host.ip_address", "7", $"host.ip_address: {Address}, not '7'")]
    [InlineData("host.ip_address", "::1", $"host.ip_address: {Address}, not '::1'")]
    [InlineData("network.subnet", "172.28.0.0", $"network.subnet: {Subnet}, not '172.28.0.0'")]
    [InlineData("network.subnet", "172.28.0.1/16", $"network.subnet: {Subnet}, not '172.28.0.1/16'")]
    [InlineData("network.subnet", "172.28.0.0/33", $"network.subnet: {Subnet}, not '172.28.0.0/33'")]
    [InlineData("network.subnet", "172.28.0.0/30", $"network.subnet: {Subnet}, not '172.28.0.0/30'")]
    [InlineData("network.subnet", "fd00::/64", $"network.subnet: {Subnet}, not 'fd00::/64'")]
    [InlineData("network.subnet", "300.1.0.0/16", $"network.subnet: {Subnet}, not '300.1.0.0/16'")]
    [InlineData("services.nodes.cpu.cpus", "0", "services.nodes.cpu.cpus: must be more than 0, not 0")]
    [InlineData(
        "services.nodes.cpu.cpus", "two",
        "services.nodes.cpu.cpus: must be a number, not 'two' (SANDBOX_CLUSTER__services__nodes__cpu__cpus)")]
    [InlineData("services.nodes.cpu.gpus", "-1", "services.nodes.cpu.gpus: must be 0 or more, not -1")]
    [InlineData("services.nodes.cpu.memory", "0g", $"services.nodes.cpu.memory: {Memory}, not '0g'")]
    [InlineData("services.nodes.cpu.memory", "0m", $"services.nodes.cpu.memory: {Memory}, not '0m'")]
    [InlineData("services.nodes.cpu.memory", "-1g", $"services.nodes.cpu.memory: {Memory}, not '-1g'")]
    [InlineData("services.nodes.cpu.memory", "abc", $"services.nodes.cpu.memory: {Memory}, not 'abc'")]
    [InlineData("services.nodes.cpu.memory", "8", $"services.nodes.cpu.memory: {Memory}, not '8'")]
    [InlineData("services.nodes.cpu.memory", "g8", $"services.nodes.cpu.memory: {Memory}, not 'g8'")]
    [InlineData("services.nodes.cpu.memory", "", $"services.nodes.cpu.memory: {Memory}")]
    [InlineData("services.nodes.cpu.memory", "8g ", $"services.nodes.cpu.memory: {Memory}, not '8g '")]
    [InlineData("services.nodes.gpu.limit_memory", "1.5g", $"services.nodes.gpu.limit_memory: {Memory}, not '1.5g'")]
    [InlineData("services.nodes.cpu.head_port", "1023", $"services.nodes.cpu.head_port: {Port}, not 1023")]
    [InlineData("services.nodes.cpu.head_port", "65536", $"services.nodes.cpu.head_port: {Port}, not 65536")]
    [InlineData(
        "services.health.port", "eighty",
        "services.health.port: must be a whole number, not 'eighty' (SANDBOX_CLUSTER__services__health__port)")]
    [InlineData("services.postgres.user", "Sand Box", $"services.postgres.user: {Name}, not 'Sand Box'")]
    [InlineData(
        "services.postgres.password", "", "services.postgres.password: must be set, best in .env (`sandbox cluster init` makes one)")]
    [InlineData("services.postgres.password", "short-1", "services.postgres.password: must be at least 12 characters long")]
    [InlineData(
        "services.postgres.password", "changeme-please", "services.postgres.password: looks like a placeholder; choose a random one")]
    [InlineData(
        "services.postgres.password", "my-Password-1234", "services.postgres.password: looks like a placeholder; choose a random one")]
    [InlineData(
        "services.postgres.password", "postgres-postgres", "services.postgres.password: looks like a placeholder; choose a random one")]
    [InlineData(
        "services.postgres.password", "${DB_PASS_WORD}", "services.postgres.password: looks like a placeholder; choose a random one")]
    [InlineData("services.postgres.password", "abababababababab", "services.postgres.password: must not be a few characters repeated")]
    [InlineData("services.postgres.password", "x9-sandbox-22-kq", "services.postgres.password: must not hold the user's name")]
    [InlineData("services.postgres.password", "k3v9\nHost-quiet", "services.postgres.password: must be printable ASCII")]
    [InlineData(
        "services.postgres.connection", "Host=db",
        "services.postgres.connection: is for a database elsewhere; set services.postgres.enabled to false, or leave it out")]
    [InlineData(
        "services.postgres.enabled", "false", "services.postgres.connection: must name the database when services.postgres is not enabled")]
    [InlineData("volumes.node_data", "data", "volumes.node_data: must be an absolute path, not 'data'")]
    [InlineData("cluster_test.target", "tpu", "cluster_test.target: must be cpu or gpu, not 'tpu'")]
    [InlineData(
        "cluster_test.test_network_subnet", "172.28.5.0/24",
        "cluster_test.test_network_subnet: 172.28.5.0/24 must not overlap with network.subnet 172.28.0.0/16")]
    [InlineData(
        "cluster_test.worker_min_worker_port", "30021",
        "cluster_test: worker_min_worker_port 30021 must not be above worker_max_worker_port 30020")]
    [InlineData(
        "cluster_test.worker_cpu_min_worker_port", "30121",
        "cluster_test: worker_cpu_min_worker_port 30121 must not be above worker_cpu_max_worker_port 30120")]
    [InlineData("nodes.head_whitelist", "", "nodes.head_whitelist: must name at least one")]
    [InlineData("nodes.head_whitelist", "node-cpu node-cpu", "nodes.head_whitelist: must name each node once, 'node-cpu' is in it twice")]
    [InlineData("nodes.head_whitelist", "node-cpu:0", "nodes.head_whitelist: must hold host or host:port, 'node-cpu:0' is neither")]
    [InlineData("nodes.head_whitelist", "no/de", "nodes.head_whitelist: must hold host or host:port, 'no/de' is neither")]
    [InlineData("nodes.head_address", "node-cpu", "nodes.head_address: must be host:port, not 'node-cpu'")]
    [InlineData(
        "nodes.health_service.url", "health:8080",
        "nodes.health_service.url: must be an address like http://health:8080, not 'health:8080'")]
    [InlineData("nodes.health_service.timeout", "0.5", "nodes.health_service.timeout: must be 1 or more, not 0.5")]
    [InlineData("nodes.health_service.max_retries", "-1", "nodes.health_service.max_retries: must be 0 or more, not -1")]
    [InlineData("nodes.health_service.retry_interval", "-0.1", "nodes.health_service.retry_interval: must be 0 or more, not -0.1")]
    [InlineData("nodes.cluster.discovery_timeout", "0", "nodes.cluster.discovery_timeout: must be more than 0, not 0")]
    [InlineData("nodes.cluster.wait_for_head", "-1", "nodes.cluster.wait_for_head: must be 0 or more, not -1")]
    public void Value_ThatIsBad_IsRefusedInTheseWords(string path, string value, string problem)
    {
        var reading = Given.With((path, value));

        Assert.Null(reading.Settings);
        Assert.Equal([problem], reading.Problems);
    }

    [Fact]
    public void Memory_InAnyCase_IsKeptInLowerCase() =>
        Assert.Equal("512m", Given.Good(Given.With(("services.nodes.cpu.memory", "512M"))).Services.Nodes.Cpu.Memory);

    [Theory]
    [InlineData("services.health.port", "8080", "port 8080 is asked for more than once: services.health.port, services.api.port")]
    [InlineData("services.redis.port", "5433", "port 5433 is asked for more than once: services.redis.port, services.postgres.port")]
    [InlineData(
        "services.nodes.gpu.head_port", "6390",
        "port 6390 is asked for more than once: services.nodes.cpu.head_port, services.nodes.gpu.head_port")]
    [InlineData(
        "cluster_test.worker_node_port", "8265",
        "port 8265 is asked for more than once: services.nodes.cpu.dashboard_port, cluster_test.worker_node_port")]
    [InlineData(
        "services.api.port", "30015",
        "services.api.port: 30015 lies in cluster_test.worker_min_worker_port to worker_max_worker_port (30010 to 30020)")]
    [InlineData(
        "cluster_test.worker_node_port", "30110",
        "cluster_test.worker_node_port: 30110 lies in cluster_test.worker_cpu_min_worker_port to worker_cpu_max_worker_port (30110 to "
            + "30120)")]
    public void Port_ThatIsTaken_IsRefusedWithTheNamesOfBoth(string path, string value, string problem) =>
        Assert.Equal([problem], Given.With((path, value)).Problems);

    [Fact]
    public void Port_OfADisabledService_IsFree()
    {
        Given.Good(Given.With(("services.health.port", "8080"), ("services.api.enabled", "false")));
        Given.Good(Given.With(("services.nodes.gpu.head_port", "6390"), ("services.nodes.gpu.enabled", "false")));
    }

    [Fact]
    public void WorkerPorts_OfANode_AreNeededBothAndInOrder()
    {
        Given.Good(Given.With(("services.nodes.cpu.min_worker_port", "31000"), ("services.nodes.cpu.max_worker_port", "31010")));

        Assert.Equal(
            ["services.nodes.cpu: min_worker_port and max_worker_port are needed both, or neither"],
            Given.With(("services.nodes.cpu.min_worker_port", "31000")).Problems);
        Assert.Equal(
            ["services.nodes.gpu: min_worker_port and max_worker_port are needed both, or neither"],
            Given.With(("services.nodes.gpu.max_worker_port", "31000")).Problems);
        Assert.Equal(
            ["services.nodes.cpu: min_worker_port 31010 must not be above max_worker_port 31000"],
            Given.With(("services.nodes.cpu.min_worker_port", "31010"), ("services.nodes.cpu.max_worker_port", "31000")).Problems);
    }

    [Fact]
    public void WorkerPorts_ThatOverlapWithTheTests_AreRefused() => Assert.Equal(
        ["cluster_test.worker_min_worker_port to worker_max_worker_port (30010 to 30020) and services.nodes.cpu.min_worker_port to "
            + "max_worker_port (30020 to 30030) overlap"],
        Given.With(("services.nodes.cpu.min_worker_port", "30020"), ("services.nodes.cpu.max_worker_port", "30030")).Problems);

    [Fact]
    public void NodeIpAddress_WithoutAPort_IsRefused()
    {
        Given.Good(Given.With(("services.nodes.cpu.node_ip_address", "192.0.2.9"), ("services.nodes.cpu.node_port", "8090")));

        Assert.Equal(
            ["services.nodes.cpu: node_ip_address needs node_port, the port that leads to its sandboxes there"],
            Given.With(("services.nodes.cpu.node_ip_address", "192.0.2.9")).Problems);
    }

    [Fact]
    public void Nodes_AllDisabled_AreRefused() => Assert.Equal(
        ["services.nodes: at least one of cpu and gpu must be enabled"],
        Given.With(("services.nodes.cpu.enabled", "false"), ("services.nodes.gpu.enabled", "false")).Problems);

    [Fact]
    public void Password_ThatIsRefused_IsNotShown()
    {
        var problem = Assert.Single(Given.With(("services.postgres.password", "my-Password-1234")).Problems);

        Assert.DoesNotContain("1234", problem, StringComparison.Ordinal);
    }
}
