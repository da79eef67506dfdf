using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Compose;

namespace Sandbox.Cli.Clusters;

/// <summary>A service of the compose model as the engine is asked for it.</summary>
internal static class ContainerBody
{
    public const string ProjectLabel = "sandbox.aspire/compose-project";
    public const string ServiceLabel = "sandbox.aspire/compose-service";

    /// <summary>Of all that a container was made from: another one means that it is made anew.</summary>
    public const string ConfigLabel = "sandbox.aspire/compose-config";

    /// <param name="imageId">What the image's name means now: no other image that gets the name is started in its place.</param>
    public static JsonObject Of(ComposeFile file, ComposeService service, string imageId)
    {
        var network = file.Networks.First(one => one.Key == service.Network).Name;
        var body = new JsonObject
        {
            ["Image"] = imageId,
            ["Hostname"] = service.Hostname,
            ["Env"] = List(service.Environment.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}")),
            ["ExposedPorts"] = Map(service.Ports.Select(port => ($"{port.Container}/tcp", (JsonNode)new JsonObject()))),
            ["HostConfig"] = HostConfig(file, service, network),
            ["NetworkingConfig"] = new JsonObject
            {
                ["EndpointsConfig"] =
                    new JsonObject { [network] = new JsonObject { ["Aliases"] = List([service.Name, service.Hostname]) } },
            },
        };
        if (service.User is { } user)
        {
            body["User"] = user;
        }

        if (service.Entrypoint.Count > 0)
        {
            body["Entrypoint"] = List(service.Entrypoint);
        }

        if (service.Command.Count > 0)
        {
            body["Cmd"] = List(service.Command);
        }

        if (service.HealthCheck is { } check)
        {
            body["Healthcheck"] = new JsonObject
            {
                ["Test"] = List(["CMD", .. check.Test]),
                ["Interval"] = Nanoseconds(check.Interval),
                ["Timeout"] = Nanoseconds(check.Timeout),
                ["Retries"] = check.Retries,
                ["StartPeriod"] = Nanoseconds(check.StartPeriod),
            };
        }

        // A changed secret is read by a new container only.
        var secrets = string.Concat(
            service.Secrets.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"\n{one.Key}={one.Value}"));
        var config = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body.ToJsonString() + secrets)));
        body["Labels"] = Map([
            .. service.Labels.Select(one => (one.Key, (JsonNode)one.Value)),
            (ProjectLabel, file.Project), (ServiceLabel, service.Name), (ConfigLabel, config)]);
        return body;
    }

    private static JsonObject HostConfig(ComposeFile file, ComposeService service, string network)
    {
        var host = new JsonObject
        {
            ["NetworkMode"] = network,
            ["Init"] = true,
            ["Binds"] = List(service.Mounts.Select(mount =>
                $"{(mount.IsVolume ? file.Volumes.First(volume => volume.Key == mount.Source).Name : mount.Source)}"
                    + $":{mount.Target}{(mount.ReadOnly ? ":ro" : "")}")),
            ["PortBindings"] = Map(service.Ports.Select(port => ($"{port.Container}/tcp", (JsonNode)PortBindings(service, port)))),
            ["ExtraHosts"] = List(service.ExtraHosts),
            ["GroupAdd"] = List(service.GroupAdd),
            ["CapDrop"] = List(["ALL"]),
            ["SecurityOpt"] = List(["no-new-privileges:true"]),
            ["PidsLimit"] = service.PidsLimit,
            ["RestartPolicy"] = new JsonObject { ["Name"] = service.Restarts ? "unless-stopped" : "no" },
        };
        if (service.IsReadOnly)
        {
            host["ReadonlyRootfs"] = true;
            host["Tmpfs"] = new JsonObject { ["/tmp"] = "" };
        }

        if (service.LimitCpus is { } cpus)
        {
            host["NanoCpus"] = (long)(cpus * 1_000_000_000);
        }

        if (service.LimitMemoryBytes is { } memory)
        {
            host["Memory"] = memory;
        }

        return host;
    }

    private static JsonArray PortBindings(ComposeService service, ComposePort port)
    {
        IReadOnlyList<string> addresses = service.PublishAddresses.Count == 0 ? [""] : service.PublishAddresses;
        return new JsonArray([.. addresses.Select(address => (JsonNode)new JsonObject
        {
            ["HostIp"] = address,
            ["HostPort"] = port.Host.ToString(CultureInfo.InvariantCulture),
        })]);
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    private static JsonArray List(IEnumerable<string> items) => new([.. items.Select(item => (JsonNode)item)]);

    private static JsonObject Map(IEnumerable<(string Key, JsonNode Value)> entries) =>
        new(entries.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value)));
}
