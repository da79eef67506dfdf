using Microsoft.Extensions.Configuration;
using Sandbox.Contracts.Cluster;

namespace AppHost;

/// <summary>What of the floor plan may stand in a <c>cluster.yaml</c>, so that a cluster of processes and one of containers are described
/// by the same file.</summary>
/// <param name="ClusterFile">Null: there is none.</param>
/// <param name="Candidates">The nodes that may be the head, first choice first.</param>
/// <param name="ApiPort">0: any free one.</param>
internal sealed record FloorSettings(string? ClusterFile, IReadOnlyList<string> Candidates, int ApiPort)
{
    private const string Argument = "cluster-file";

    private static readonly string[] Workers = ["node-3", "node-4"];

    /// <summary>The nodes that only work.</summary>
    public IEnumerable<string> Others => Workers.Except(Candidates);

    public static FloorSettings Read(IConfiguration arguments)
    {
        var port = arguments.GetValue<int?>("api-port");
        if (arguments[Argument] is not { Length: > 0 } file)
        {
            return new FloorSettings(null, ["node-1", "node-2"], port ?? 8088);
        }

        var reading = Sandbox.Topology.ClusterFile.Read(file, Sandbox.Topology.ClusterFile.EnvironmentOfProcess());
        return reading.Settings is { } settings
            ? new FloorSettings(
                Path.GetFullPath(file), [.. settings.Nodes.HeadWhitelist.Select(entry => HostAndPort.Parse(entry).Host.ToLowerInvariant()).Distinct()],
                port ?? settings.Services.Api.Port)
            : throw new DistributedApplicationException($"--{Argument}: {string.Join("; ", reading.Problems)}");
    }
}
