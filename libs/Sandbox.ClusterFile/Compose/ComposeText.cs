using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sandbox.ClusterFile.Compose;

/// <summary>A compose file as text, for the compose plugin and for people.</summary>
public static class ComposeText
{
    public static string Write(ComposeFile compose)
    {
        var root = new YamlMappingNode { { "name", Text(compose.Project) } };
        root.Add("services", Map(compose.Services.Select(service => (service.Name, (YamlNode)ServiceOf(service)))));
        root.Add("networks", Map(compose.Networks.Select(network => (network.Key, (YamlNode)NetworkOf(network)))));
        if (compose.Volumes.Count > 0)
        {
            root.Add(
                "volumes",
                Map(compose.Volumes.Select(volume => (volume.Key, (YamlNode)new YamlMappingNode { { "name", Text(volume.Name) } }))));
        }

        using var text = new StringWriter();
        text.WriteLine("# Made of cluster.yaml (`sandbox cluster generate`, `aspire publish`): change that instead.");
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        var whole = text.ToString();
        return whole.EndsWith("...\n", StringComparison.Ordinal) ? whole[..^4] : whole;
    }

    private static YamlMappingNode ServiceOf(ComposeService service)
    {
        var node = new YamlMappingNode { { "container_name", Text(service.ContainerName) }, { "hostname", Text(service.Hostname) } };
        node.Add("image", Text(service.Image));
        if (service.Build is { } build)
        {
            node.Add("build", Map(new[] { ("context", build.Context), ("dockerfile", build.Dockerfile), ("target", build.Target) }
                .Where(one => one.Item2 is not null).Select(one => (one.Item1, (YamlNode)Text(one.Item2!)))));
        }

        if (service.User is { } user)
        {
            node.Add("user", Text(user));
        }

        AddConfinement(node, service);

        // Programs of ours start others and do not collect those that they did not start.
        node.Add("init", new YamlScalarNode("true"));
        AddList(node, "group_add", service.GroupAdd);
        AddList(node, "entrypoint", service.Entrypoint);
        AddList(node, "command", service.Command);
        AddMap(node, "environment", service.Environment);
        AddList(node, "ports", service.Ports.SelectMany(port => Published(service, port)));
        AddList(node, "volumes", service.Mounts.Select(mount => $"{mount.Source}:{mount.Target}{(mount.ReadOnly ? ":ro" : "")}"));
        AddList(node, "networks", [service.Network]);
        AddList(node, "extra_hosts", service.ExtraHosts);
        if (service.DependsOn.Count > 0)
        {
            node.Add("depends_on", Map(service.DependsOn.Select(one => (one.Service,
                (YamlNode)new YamlMappingNode { { "condition", Text(one.UntilHealthy ? "service_healthy" : "service_started") } }))));
        }

        AddHealthCheck(node, service.HealthCheck);
        AddLimits(node, service);
        AddMap(node, "labels", service.Labels);
        if (service.Restarts)
        {
            node.Add("restart", Text("unless-stopped"));
        }

        return node;
    }

    private static IEnumerable<string> Published(ComposeService service, ComposePort port)
    {
        var pair = string.Create(CultureInfo.InvariantCulture, $"{port.Host}:{port.Container}");
        return service.PublishAddresses.Count == 0 ? [pair] : service.PublishAddresses.Select(address => $"{address}:{pair}");
    }

    /// <summary>None of them needs a right of root's: each runs as a user, and the engine's socket has a group.</summary>
    private static void AddConfinement(YamlMappingNode node, ComposeService service)
    {
        AddList(node, "cap_drop", ["ALL"]);
        AddList(node, "security_opt", ["no-new-privileges:true"]);
        node.Add("pids_limit", new YamlScalarNode(service.PidsLimit.ToString(CultureInfo.InvariantCulture)));
        if (service.IsReadOnly)
        {
            node.Add("read_only", new YamlScalarNode("true"));
            AddList(node, "tmpfs", ["/tmp"]);
        }
    }

    private static YamlMappingNode NetworkOf(ComposeNetwork network) => new()
    {
        { "name", Text(network.Name) },
        { "driver", Text("bridge") },
        { "ipam", new YamlMappingNode { { "config", new YamlSequenceNode(new YamlMappingNode { { "subnet", Text(network.Subnet) } }) } } },
    };

    private static void AddHealthCheck(YamlMappingNode node, ComposeHealthCheck? check)
    {
        if (check is null)
        {
            return;
        }

        node.Add("healthcheck", new YamlMappingNode
        {
            { "test", List(["CMD", .. check.Test]) },
            { "interval", Text(Seconds(check.Interval)) },
            { "timeout", Text(Seconds(check.Timeout)) },
            { "retries", new YamlScalarNode(check.Retries.ToString(CultureInfo.InvariantCulture)) },
            { "start_period", Text(Seconds(check.StartPeriod)) },
        });
    }

    private static void AddLimits(YamlMappingNode node, ComposeService service)
    {
        var limits = new YamlMappingNode();
        if (service.LimitCpus is { } cpus)
        {
            limits.Add("cpus", Text(cpus.ToString(CultureInfo.InvariantCulture)));
        }

        if (service.LimitMemory is { } memory)
        {
            limits.Add("memory", Text(memory));
        }

        if (limits.Children.Count > 0)
        {
            node.Add("deploy", new YamlMappingNode { { "resources", new YamlMappingNode { { "limits", limits } } } });
        }
    }

    private static void AddList(YamlMappingNode node, string key, IEnumerable<string> items)
    {
        if (List(items) is { Children.Count: > 0 } list)
        {
            node.Add(key, list);
        }
    }

    private static void AddMap(YamlMappingNode node, string key, IReadOnlyDictionary<string, string> entries)
    {
        if (entries.Count > 0)
        {
            node.Add(
                key, Map(
                    entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => (entry.Key, (YamlNode)Text(entry.Value)))));
        }
    }

    private static YamlSequenceNode List(IEnumerable<string> items) => new(items.Select(Text));

    private static YamlMappingNode Map(IEnumerable<(string Key, YamlNode Value)> entries) =>
        new(entries.Select(entry => new KeyValuePair<YamlNode, YamlNode>(new YamlScalarNode(entry.Key), entry.Value)));

    /// <summary>Quoted always, so that nothing reads as a number or a boolean; a dollar sign is doubled, since compose would put a
    /// variable there.</summary>
    private static YamlScalarNode Text(string text) =>
        new(text.Replace("$", "$$", StringComparison.Ordinal)) { Style = ScalarStyle.DoubleQuoted };

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds}s");
}
