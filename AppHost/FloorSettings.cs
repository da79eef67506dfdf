using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Sandbox.Contracts.Cluster;

namespace AppHost;

/// <summary>The arguments of the AppHost, and the part of the floor plan that a <c>cluster.yaml</c> may hold, so that a cluster of
/// processes and one of containers are described by the same file.</summary>
/// <param name="ClusterFile">Null: there is none.</param>
/// <param name="Candidates">The nodes that may be the head, first choice first.</param>
/// <param name="ApiPort">0: any free one.</param>
/// <param name="Stack">Names what is kept of this stack (volumes, folders, cluster id): the same for each start from one clone, and
/// another one for another clone or where <c>--stack</c> gives it.</param>
/// <param name="Scratch">Folder for what is not kept; null: everything is kept.</param>
internal sealed partial record FloorSettings(
    string? ClusterFile, IReadOnlyList<string> Candidates, int ApiPort, string Stack, string? Scratch)
{
    private const string Argument = "cluster-file";

    private static readonly string[] Workers = ["node-3", "node-4"];

    /// <summary>Whether databases, secrets and the nodes' folders outlive this run.</summary>
    public bool IsKept => Scratch is null;

    /// <summary>The name that the command line knows the stack by.</summary>
    public string ContextName => $"up-{Stack}";

    /// <summary>The nodes that only work.</summary>
    public IEnumerable<string> Others => Workers.Except(Candidates);

    /// <summary>The folder of all nodes. Short, because sockets live below it.</summary>
    public string NodesFolder => Scratch ?? Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "sandbox-nodes", Stack);

    public static FloorSettings Read(IConfiguration arguments, string appHostFolder)
    {
        var port = arguments.GetValue<int?>("api-port");
        var stack = arguments["stack"] ?? Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHostFolder)))[..8];
        if (!StackName().IsMatch(stack))
        {
            throw new DistributedApplicationException("--stack: a name of at most 20 lower-case letters, digits and hyphens is needed.");
        }

        var scratch = arguments["scratch"];
        if (arguments[Argument] is not { Length: > 0 } file)
        {
            return new FloorSettings(null, ["node-1", "node-2"], port ?? 8088, stack, scratch);
        }

        var reading = Sandbox.ClusterFile.ClusterFileReader.Read(file, Sandbox.ClusterFile.ClusterFileReader.EnvironmentOfProcess());
        return reading.Settings is { } settings
            ? new FloorSettings(
                Path.GetFullPath(file),
                [.. settings.Nodes.HeadWhitelist.Select(entry => HostAndPort.Parse(entry).Host.ToLowerInvariant()).Distinct()],
                port ?? settings.Services.Api.Port, stack, scratch)
            : throw new DistributedApplicationException($"--{Argument}: {string.Join("; ", reading.Problems)}");
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,19}$")]
    private static partial Regex StackName();
}
