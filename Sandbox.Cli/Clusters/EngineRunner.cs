using System.Net;
using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Compose;

namespace Sandbox.Cli.Clusters;

/// <summary>Brings a compose model about through the engine alone, for machines without the compose plugin. Each step may be done
/// again: what is there as it is to be stays.</summary>
internal sealed class EngineRunner(EngineApi engine, Action<string> say, TimeProvider time)
{
    private const int StopSeconds = 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a service may take until it is healthy.</summary>
    private static readonly TimeSpan HealthyWithin = TimeSpan.FromMinutes(3);

    /// <param name="only">Names of services; empty: all. What they depend on comes along.</param>
    public async Task UpAsync(ComposeFile file, IReadOnlyCollection<string> only, bool removeOrphans, CancellationToken cancellationToken)
    {
        foreach (var network in file.Networks)
        {
            await EnsureNetworkAsync(file, network, cancellationToken);
        }

        foreach (var volume in file.Volumes)
        {
            await engine.PostAsync("/volumes/create", new JsonObject { ["Name"] = volume.Name, ["Labels"] = Own(file) }, cancellationToken);
        }

        if (removeOrphans)
        {
            var orphans = (await OwnAsync(file, cancellationToken)).Where(one => file.Find(ServiceOf(one)) is null).ToList();
            await RemoveAsync(orphans, cancellationToken);
        }

        // The model lists what is depended on first.
        foreach (var service in Chosen(file, only))
        {
            foreach (var dependency in service.DependsOn)
            {
                await WaitAsync(file.Find(dependency.Service)!, dependency.UntilHealthy, cancellationToken);
            }

            await EnsureContainerAsync(file, service, cancellationToken);
        }
    }

    public async Task DownAsync(ComposeFile file, bool volumes, CancellationToken cancellationToken)
    {
        var all = await OwnAsync(file, cancellationToken);

        // Nodes and whoever else needs the stores end before them.
        foreach (var group in all.GroupBy(one => file.Find(ServiceOf(one))?.Kind is "store" or "health").OrderBy(group => group.Key))
        {
            await RemoveAsync([.. group], cancellationToken);
        }

        foreach (var network in file.Networks)
        {
            if (await engine.FindAsync($"/networks/{network.Name}", cancellationToken) is { } found && IsOwn(file, found["Labels"]))
            {
                await engine.DeleteAsync($"/networks/{network.Name}", cancellationToken);
                say($"✓ network {network.Name} removed");
            }
        }

        foreach (var volume in volumes ? file.Volumes : [])
        {
            await engine.DeleteAsync($"/volumes/{volume.Name}", cancellationToken);
            say($"✓ volume {volume.Name} removed");
        }
    }

    /// <summary>The project's containers, running or not.</summary>
    public Task<IReadOnlyList<JsonNode>> OwnAsync(ComposeFile file, CancellationToken cancellationToken) =>
        engine.ContainersAsync($"{ContainerBody.ProjectLabel}={file.Project}", cancellationToken);

    public static string ServiceOf(JsonNode container) => (string?)container["Labels"]?[ContainerBody.ServiceLabel] ?? "";

    /// <summary>Removes containers, whoever made them.</summary>
    public async Task RemoveAsync(IReadOnlyList<JsonNode> containers, CancellationToken cancellationToken) =>
        await Task.WhenAll(containers.Select(async container =>
        {
            var (id, name) = ((string)container["Id"]!, ((string?)container["Names"]?[0])?.TrimStart('/'));
            await engine.PostAsync(
                $"/containers/{id}/stop?t={StopSeconds}", null, cancellationToken, HttpStatusCode.NotFound, HttpStatusCode.NotModified);
            await engine.DeleteAsync($"/containers/{id}?force=1&v=1", cancellationToken);
            say($"✓ {name} removed");
        }));

    /// <summary>These services with what they depend on; of none: all.</summary>
    public static IEnumerable<ComposeService> Chosen(ComposeFile file, IReadOnlyCollection<string> only)
    {
        var wanted = new HashSet<string>(only);
        foreach (var service in file.Services.Reverse().Where(service => wanted.Contains(service.Name)))
        {
            wanted.UnionWith(service.DependsOn.Select(one => one.Service));
        }

        return file.Services.Where(service => only.Count == 0 || wanted.Contains(service.Name));
    }

    private async Task EnsureNetworkAsync(ComposeFile file, ComposeNetwork network, CancellationToken cancellationToken)
    {
        if (await engine.FindAsync($"/networks/{network.Name}", cancellationToken) is { } found)
        {
            var subnet = (string?)found["IPAM"]?["Config"]?[0]?["Subnet"];
            if (subnet == network.Subnet)
            {
                return;
            }

            throw new CliException(
                $"network {network.Name} is there with subnet {subnet}, not {network.Subnet}; take the cluster down first");
        }

        await engine.PostAsync(
            "/networks/create",
            new JsonObject
            {
                ["Name"] = network.Name,
                ["Driver"] = "bridge",
                ["CheckDuplicate"] = true,
                ["IPAM"] = new JsonObject { ["Config"] = new JsonArray(new JsonObject { ["Subnet"] = network.Subnet }) },
                ["Labels"] = Own(file),
            },
            cancellationToken);
        say($"✓ network {network.Name} made, {network.Subnet}");
    }

    private async Task EnsureContainerAsync(ComposeFile file, ComposeService service, CancellationToken cancellationToken)
    {
        var image = await engine.FindAsync($"/images/{service.Image}/json", cancellationToken)
            ?? throw new CliException($"there is no image {service.Image}; `sandbox image cluster` makes sandbox-cluster:latest");
        var body = ContainerBody.Of(file, service, (string)image["Id"]!);
        if (await engine.FindAsync($"/containers/{service.ContainerName}/json", cancellationToken) is { } found)
        {
            var labels = found["Config"]!["Labels"];
            if (!IsOwn(file, labels))
            {
                throw new CliException($"there is a container {service.ContainerName} that is not of this cluster");
            }

            if ((string?)labels![ContainerBody.ConfigLabel] == (string?)body["Labels"]![ContainerBody.ConfigLabel])
            {
                await StartAsync(service, (bool?)found["State"]?["Running"] is true ? "runs already" : "started again", cancellationToken);
                return;
            }

            await RemoveAsync(
                [new JsonObject { ["Id"] = (string)found["Id"]!, ["Names"] = new JsonArray(service.ContainerName) }], cancellationToken);
        }

        await engine.PostAsync($"/containers/create?name={service.ContainerName}", body, cancellationToken);
        await StartAsync(service, "started", cancellationToken);
    }

    private async Task StartAsync(ComposeService service, string outcome, CancellationToken cancellationToken)
    {
        await engine.PostAsync($"/containers/{service.ContainerName}/start", null, cancellationToken, HttpStatusCode.NotModified);
        say($"✓ {service.Name} {outcome}");
    }

    private async Task WaitAsync(ComposeService service, bool untilHealthy, CancellationToken cancellationToken)
    {
        var begin = time.GetTimestamp();
        var told = false;
        while (true)
        {
            var state = (await engine.FindAsync($"/containers/{service.ContainerName}/json", cancellationToken))?["State"];
            var health = (string?)state?["Health"]?["Status"];
            if (state is null || (string?)state["Status"] is "exited" or "dead")
            {
                throw new CliException(
                    $"{service.Name} ended before what depends on it could start; `sandbox cluster logs {service.Name}` tells why");
            }

            if ((bool?)state["Running"] is true && (!untilHealthy || health is null or "healthy"))
            {
                return;
            }

            if (health == "unhealthy" || time.GetElapsedTime(begin) > HealthyWithin)
            {
                throw new CliException($"{service.Name} is not healthy; `sandbox cluster logs {service.Name}` tells why");
            }

            if (!told)
            {
                say($"→ waiting until {service.Name} is {(untilHealthy ? "healthy" : "started")}");
                told = true;
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    private static JsonObject Own(ComposeFile file) => new() { [ContainerBody.ProjectLabel] = file.Project };

    private static bool IsOwn(ComposeFile file, JsonNode? labels) => (string?)labels?[ContainerBody.ProjectLabel] == file.Project;
}
