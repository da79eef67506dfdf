namespace Sandbox.ClusterFile.Settings;

/// <summary>What no value breaks by itself.</summary>
internal static class CrossSettingRules
{
    private const int ShortestPassword = 12;

    private static readonly string[] Placeholders =
        ["changeme", "change_me", "change-me", "password", "passw0rd", "postgres", "secret", "example", "admin", "qwerty", "letmein",
            "12345678", "your_", "your-", "<", "${"];

    public static IEnumerable<string> Check(ClusterSettings settings) =>
        [.. NodePorts(settings), .. PortPlan.Check(settings), .. Database(settings), .. Networks(settings), .. Test(settings)];

    private static IEnumerable<string> NodePorts(ClusterSettings settings)
    {
        foreach (var (name, node) in new[] { ("services.nodes.cpu", settings.Services.Nodes.Cpu),
            ("services.nodes.gpu", settings.Services.Nodes.Gpu) })
        {
            if (node.MinWorkerPort is null != node.MaxWorkerPort is null)
            {
                yield return $"{name}: min_worker_port and max_worker_port are needed both, or neither";
            }

            if (node.MinWorkerPort > node.MaxWorkerPort)
            {
                yield return $"{name}: min_worker_port {node.MinWorkerPort} must not be above max_worker_port {node.MaxWorkerPort}";
            }

            if (node.NodeIpAddress is not null && node.NodePort is null)
            {
                yield return $"{name}: node_ip_address needs node_port, the port that leads to its sandboxes there";
            }
        }
    }

    private static IEnumerable<string> Database(ClusterSettings settings)
    {
        var postgres = settings.Services.Postgres;
        if (!postgres.Enabled)
        {
            if (string.IsNullOrWhiteSpace(postgres.Connection))
            {
                yield return "services.postgres.connection: must name the database when services.postgres is not enabled";
            }

            yield break;
        }

        if (!string.IsNullOrWhiteSpace(postgres.Connection))
        {
            yield return "services.postgres.connection: is for a database elsewhere; set services.postgres.enabled to false, or leave it "
                + "out";
        }

        if (WhyWeak(postgres) is { } reason)
        {
            // The value itself is not shown: it may be nearly right.
            yield return $"services.postgres.password: {reason}";
        }
    }

    private static string? WhyWeak(PostgresService postgres) => postgres.Password switch
    {
        null or "" => "must be set, best in .env (`sandbox cluster init` makes one)",
        { Length: < ShortestPassword } => $"must be at least {ShortestPassword} characters long",
        var password when Placeholders.Any(word => password.Contains(word, StringComparison.OrdinalIgnoreCase)) =>
            "looks like a placeholder; choose a random one",
        var password when password.Distinct().Count() < 5 => "must not be a few characters repeated",
        var password when password.Contains(postgres.User, StringComparison.OrdinalIgnoreCase) => "must not hold the user's name",
        var password when password.Any(character => character is < ' ' or > '~') => "must be printable ASCII",
        _ => null,
    };

    private static IEnumerable<string> Networks(ClusterSettings settings)
    {
        if (System.Net.IPNetwork.TryParse(settings.Network.Subnet, out var main)
            && System.Net.IPNetwork.TryParse(settings.ClusterTest.TestNetworkSubnet, out var test)
            && (main.Contains(test.BaseAddress) || test.Contains(main.BaseAddress)))
        {
            yield return $"cluster_test.test_network_subnet: {test} must not overlap with network.subnet {main}";
        }
    }

    private static IEnumerable<string> Test(ClusterSettings settings)
    {
        if (settings is { Services.Nodes: { Cpu.Enabled: false, Gpu.Enabled: false } })
        {
            yield return "services.nodes: at least one of cpu and gpu must be enabled";
        }

        var test = settings.ClusterTest;
        if (test.WorkerMinWorkerPort > test.WorkerMaxWorkerPort)
        {
            yield return $"cluster_test: worker_min_worker_port {test.WorkerMinWorkerPort} must not be above worker_max_worker_port "
                + $"{test.WorkerMaxWorkerPort}";
        }

        if (test.WorkerCpuMinWorkerPort > test.WorkerCpuMaxWorkerPort)
        {
            yield return $"cluster_test: worker_cpu_min_worker_port {test.WorkerCpuMinWorkerPort} must not be above "
                + $"worker_cpu_max_worker_port {test.WorkerCpuMaxWorkerPort}";
        }
    }
}
