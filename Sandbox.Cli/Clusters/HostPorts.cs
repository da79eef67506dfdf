using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Compose;

namespace Sandbox.Cli.Clusters;

/// <summary>
/// Whose the TCP ports of this machine are: the engine's containers are looked at once, whether they run or not, and all questions of
/// one <c>up</c> are answered from that. A port that was named as free is not named again.
/// </summary>
internal sealed class HostPorts
{
    private const int AtOnce = 8;

    private readonly IReadOnlyDictionary<int, PortHolder> _held;
    private readonly HashSet<int> _named = [];

    private HostPorts(IReadOnlyDictionary<int, PortHolder> held) => _held = held;

    public static async Task<HostPorts> ScanAsync(EngineApi engine, CancellationToken cancellationToken)
    {
        var held = new ConcurrentDictionary<int, PortHolder>();
        var containers = (await engine.FindAsync("/containers/json?all=1", cancellationToken))!.AsArray();
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(containers, options, async (container, token) =>
        {
            var runs = (string?)container?["State"] is "running" or "paused";
            foreach (var port in runs ? Published(container!) : await ReservedAsync(engine, (string?)container?["Id"], token))
            {
                var holder = new PortHolder(((string?)container!["Names"]?[0])?.TrimStart('/') ?? "", ProjectOf(container), runs);
                held.AddOrUpdate(port, holder, (_, other) => other.Runs ? other : holder);
            }
        });
        return new HostPorts(held);
    }

    /// <summary>Throws with every port that somebody else has now, before anything is made that could not be started.</summary>
    /// <param name="starting">Of the file's services, those that are to run.</param>
    public void Check(ComposeFile file, IEnumerable<ComposeService> starting)
    {
        _named.UnionWith(file.Services.SelectMany(service => service.Ports).Select(port => port.Host));
        var taken = starting.SelectMany(
            service => service.Ports.Select(port => (Service: service.Name, port.Host, By: TakenBy(port.Host, file.Project))))
            .Where(one => one.By is not null)
            .Select(one =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"port {one.Host}, which {one.Service} is to have, is taken by {one.By}{Instead(one.Host)}"))
            .ToList();
        if (taken.Count > 0)
        {
            throw new CliException(string.Join("; ", taken));
        }
    }

    /// <summary>The next port above that nobody has, a stopped container included, and that can be listened on.</summary>
    public int? FindFree(int above)
    {
        for (var port = above + 1; port <= IPEndPoint.MaxPort; port++)
        {
            if (!_held.ContainsKey(port) && !_named.Contains(port) && CanListen(port))
            {
                _named.Add(port);
                return port;
            }
        }

        return null;
    }

    private string? TakenBy(int port, string project) =>
        !_held.TryGetValue(port, out var holder) || !holder.Runs ? CanListen(port) ? null : "a program of this machine"
        : holder.Project == project ? null
        : $"container {holder.Container}";

    private string Instead(int port) => FindFree(port) is { } free ? string.Create(CultureInfo.InvariantCulture, $" ({free} is free)") : "";

    private static IEnumerable<int> Published(JsonNode container) =>
        container["Ports"]?.AsArray().Where(port => (string?)port?["Type"] is "tcp").Select(port => (int?)port!["PublicPort"]).OfType<int>()
            .Distinct() ?? [];

    /// <summary>What one that does not run has when it is started. One that went meanwhile, or cannot be told of, has none: what
    /// is known of the others counts.</summary>
    private static async Task<IReadOnlyList<int>> ReservedAsync(EngineApi engine, string? id, CancellationToken cancellationToken)
    {
        try
        {
            var found = id is null ? null : await engine.FindAsync($"/containers/{id}/json", cancellationToken);
            return found?["HostConfig"]?["PortBindings"] is JsonObject bindings
                ? [
                    .. bindings.Where(binding => binding.Key.EndsWith("/tcp", StringComparison.Ordinal))
                        .SelectMany(binding => binding.Value as JsonArray ?? []).SelectMany(one => Range((string?)one?["HostPort"])),
                ]
                : [];
        }
        catch (CliException)
        {
            return [];
        }
    }

    /// <summary><c>8080</c>, <c>8080-8090</c>, or nothing where the engine chooses.</summary>
    private static IEnumerable<int> Range(string? text)
    {
        var ends = (text ?? "").Split('-', 2);
        return ushort.TryParse(ends[0], CultureInfo.InvariantCulture, out var first)
            && ushort.TryParse(ends[^1], CultureInfo.InvariantCulture, out var last) && first > 0 && last >= first
            ? Enumerable.Range(first, last - first + 1)
            : [];
    }

    private static bool CanListen(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Any, port);
            probe.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>The compose plugin has a label of its own.</summary>
    private static string? ProjectOf(JsonNode container) =>
        (string?)container["Labels"]?[ContainerBody.ProjectLabel] ?? (string?)container["Labels"]?["com.docker.compose.project"];

    /// <param name="Project">Of compose; null: of none.</param>
    private sealed record PortHolder(string Container, string? Project, bool Runs);
}
