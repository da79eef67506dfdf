using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Hosts;

namespace Sandbox.Cli.Clusters;

/// <summary>One compose file in the hands of whoever can bring it about: the compose plugin where there is one, else the engine
/// itself. Its containers have the same names either way.</summary>
internal sealed class ClusterRun(
    ClusterFolder folder, string text, ComposeFile file, EngineApi engine, Action<string> say, TimeProvider time)
{
    private readonly EngineRunner _runner = new(engine, say, time);

    public ComposeFile File => file;

    public async Task<int> UpAsync(IReadOnlyList<string> services, bool detached, bool removeOrphans, CancellationToken cancellationToken)
    {
        (await HostPorts.ScanAsync(engine, cancellationToken)).Check(file, EngineRunner.Chosen(file, services));
        if (await ComposeAsync(
            ["up", .. detached ? ["--detach"] : Array.Empty<string>(), .. removeOrphans ? ["--remove-orphans"] : Array.Empty<string>(),
                .. services], cancellationToken) is { } code)
        {
            return code;
        }

        await _runner.UpAsync(file, services, removeOrphans, cancellationToken);
        return detached ? 0 : await LogsAsync(services, follow: true, tail: null, cancellationToken);
    }

    public async Task<int> DownAsync(bool volumes, bool removeOrphans, CancellationToken cancellationToken)
    {
        if (await ComposeAsync(
            ["down", .. volumes ? ["--volumes"] : Array.Empty<string>(), .. removeOrphans ? ["--remove-orphans"] : Array.Empty<string>()],
            cancellationToken) is { } code)
        {
            return code;
        }

        await _runner.DownAsync(file, volumes, cancellationToken);
        return 0;
    }

    public async Task<int> LogsAsync(IReadOnlyList<string> services, bool follow, int? tail, CancellationToken cancellationToken)
    {
        if (await ComposeAsync(
            ["logs", .. follow ? ["--follow"] : Array.Empty<string>(),
                .. tail is { } lines ? ["--tail", $"{lines}"] : Array.Empty<string>(), .. services], cancellationToken) is { } code)
        {
            return code;
        }

        var containers = (await StatesAsync(cancellationToken))
            .Where(one => one.Container is not null && (services.Count == 0 || services.Contains(one.Service.Name)))
            .Select(one => (one.Service.Name, one.Service.ContainerName)).ToList();
        await new EngineLogs(engine, say).CopyAsync(containers, follow, tail, cancellationToken);
        return 0;
    }

    /// <summary>Each service with its container; null: it has none.</summary>
    public async Task<IReadOnlyList<(ComposeService Service, JsonNode? Container)>> StatesAsync(CancellationToken cancellationToken)
    {
        var states = new List<(ComposeService, JsonNode?)>();
        foreach (var service in file.Services)
        {
            states.Add((service, await engine.FindAsync($"/containers/{service.ContainerName}/json", cancellationToken)));
        }

        return states;
    }

    /// <summary>Removes sandboxes that these nodes made and that are not theirs to come back to.</summary>
    public async Task RemoveSandboxesAsync(string cluster, IReadOnlyList<string> nodes, CancellationToken cancellationToken)
    {
        var all = await engine.ContainersAsync($"sandbox.aspire/cluster={cluster}", cancellationToken);
        await _runner.RemoveAsync(
            [.. all.Where(one => nodes.Count == 0 || nodes.Contains((string?)one["Labels"]?["sandbox.aspire/node"] ?? ""))],
            cancellationToken);
    }

    /// <summary>The plugin's exit code; null: there is none, the engine is asked instead.</summary>
    private async Task<int?> ComposeAsync(string[] arguments, CancellationToken cancellationToken)
    {
        string[] command = ["compose", "--file", folder.PathOf(text), .. arguments];
        if (await HostPrograms.RunAsync("docker", ["compose", "version"], cancellationToken) is not (0, _))
        {
            say($"→ engine: {arguments[0]} {file.Project} ({folder.PathOf(text)}; there is no compose plugin)");
            return null;
        }

        say($"→ docker {string.Join(' ', command)}");
        return await ShownPrograms.ShowAsync("docker", command, onlyLooks: arguments[0] == "logs", cancellationToken);
    }
}
