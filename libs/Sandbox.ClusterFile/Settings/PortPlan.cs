namespace Sandbox.ClusterFile.Settings;

/// <summary>No two of the host's ports are the same, and none lies in a range of the test's.</summary>
internal static class PortPlan
{
    public static IEnumerable<string> Check(ClusterSettings settings)
    {
        var single = Ports(settings).ToList();
        foreach (var taken in single.GroupBy(port => port.Number).Where(group => group.Count() > 1))
        {
            yield return $"port {taken.Key} is asked for more than once: {string.Join(", ", taken.Select(port => port.Name))}";
        }

        var ranges = Ranges(settings).Where(range => range.First <= range.Last).ToList();
        foreach (var range in ranges)
        {
            foreach (var port in single.Where(port => port.Number >= range.First && port.Number <= range.Last))
            {
                yield return $"{port.Name}: {port.Number} lies in {range.Name} ({range.First} to {range.Last})";
            }

            foreach (var other in ranges.Where(
                other => string.CompareOrdinal(other.Name, range.Name) > 0 && other.First <= range.Last && range.First <= other.Last))
            {
                yield return $"{range.Name} ({range.First} to {range.Last}) and {other.Name} ({other.First} to {other.Last}) overlap";
            }
        }
    }

    /// <summary>Of the enabled services and of the test.</summary>
    private static IEnumerable<(string Name, int Number)> Ports(ClusterSettings settings)
    {
        foreach (var (name, node) in Nodes(settings))
        {
            yield return ($"{name}.head_port", node.HeadPort);
            yield return ($"{name}.dashboard_port", node.DashboardPort);
            yield return ($"{name}.client_port", node.ClientPort);
            if (node.NodePort is { } port)
            {
                yield return ($"{name}.node_port", port);
            }
        }

        var services = settings.Services;
        foreach (var (enabled, name, number) in new[]
        {
            (services.Health.Enabled, "services.health.port", services.Health.Port),
            (services.Api.Enabled, "services.api.port", services.Api.Port),
            (services.Redis.Enabled, "services.redis.port", services.Redis.Port),
            (services.Postgres.Enabled, "services.postgres.port", services.Postgres.Port),
            (true, "cluster_test.worker_node_port", settings.ClusterTest.WorkerNodePort),
            (true, "cluster_test.worker_cpu_node_port", settings.ClusterTest.WorkerCpuNodePort),
        })
        {
            if (enabled)
            {
                yield return (name, number);
            }
        }
    }

    private static IEnumerable<(string Name, int First, int Last)> Ranges(ClusterSettings settings)
    {
        var test = settings.ClusterTest;
        yield return ("cluster_test.worker_min_worker_port to worker_max_worker_port", test.WorkerMinWorkerPort, test.WorkerMaxWorkerPort);
        yield return ("cluster_test.worker_cpu_min_worker_port to worker_cpu_max_worker_port", test.WorkerCpuMinWorkerPort,
            test.WorkerCpuMaxWorkerPort);
        foreach (var (name, node) in Nodes(settings))
        {
            if (node is { MinWorkerPort: { } first, MaxWorkerPort: { } last })
            {
                yield return ($"{name}.min_worker_port to max_worker_port", first, last);
            }
        }
    }

    private static IEnumerable<(string Name, NodeService Node)> Nodes(ClusterSettings settings)
    {
        var nodes = settings.Services.Nodes;
        if (nodes.Cpu.Enabled)
        {
            yield return ("services.nodes.cpu", nodes.Cpu);
        }

        if (nodes.Gpu.Enabled)
        {
            yield return ("services.nodes.gpu", nodes.Gpu);
        }
    }
}
