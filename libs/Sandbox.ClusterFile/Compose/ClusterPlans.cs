using System.Text.Json;
using Sandbox.ClusterFile.Hosts;
using Sandbox.ClusterFile.Settings;
using Sandbox.Contracts.Files;

namespace Sandbox.ClusterFile.Compose;

/// <summary>Makes a plan of a cluster file, of this machine, and of the secrets that are kept beside the file in <c>.cluster</c>.</summary>
public static class ClusterPlans
{
    /// <summary>Folder beside the cluster file, for its owner's eyes only.</summary>
    public const string StateFolder = ".cluster";

    /// <summary>In the state folder; made where it is missing, and kept.</summary>
    public const string SecretsFile = "secrets.json";

    /// <param name="file">Path of the cluster file.</param>
    /// <exception cref="ClusterFileException">With everything that is wrong with it.</exception>
    public static async Task<ClusterPlan> ReadAsync(string file, TimeProvider time, CancellationToken cancellationToken)
    {
        var reading = ClusterFileReader.Read(file, ClusterFileReader.EnvironmentOfProcess());
        if (reading.Settings is not { } settings)
        {
            var problems = string.Join("; ", reading.Problems);
            throw new ClusterFileException(reading.Problems.Count == 1 ? problems : $"{reading.Problems.Count} problems: {problems}");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var host = await HostFacts.FindAsync(settings.Host, time, cancellationToken);
        return new ClusterPlan(settings, host, Secrets(folder), await MachineAsync(folder, settings, cancellationToken));
    }

    /// <summary>Containers of the cluster mount it: an engine that is reached otherwise will not do.</summary>
    /// <exception cref="ClusterFileException"><c>DOCKER_HOST</c> names another kind of address.</exception>
    public static string EngineSocket()
    {
        var address = ClusterFileReader.EnvironmentOfProcess().FirstOrDefault(one => one.Key == "DOCKER_HOST").Value;
        return string.IsNullOrWhiteSpace(address) ? "/var/run/docker.sock"
            : address.StartsWith("unix://", StringComparison.Ordinal) ? address["unix://".Length..]
            : throw new ClusterFileException(
                $"DOCKER_HOST is {address}; a cluster's nodes need an engine on a Unix socket of this machine");
    }

    private static ClusterSecrets Secrets(string folder)
    {
        var path = Path.Combine(folder, StateFolder, SecretsFile);
        if (File.Exists(path))
        {
            return JsonSerializer.Deserialize<ClusterSecrets>(File.ReadAllText(path))
                ?? throw new ClusterFileException($"{path} holds no secrets; remove it, and new ones are made");
        }

        var secrets = ClusterSecrets.New();
        OwnerOnlyFile.EnsureFolder(Path.GetDirectoryName(path)!);
        OwnerOnlyFile.Write(path, JsonSerializer.Serialize(secrets));
        return secrets;
    }

    private static async Task<MachineFacts> MachineAsync(string folder, ClusterSettings settings, CancellationToken cancellationToken)
    {
        var (uid, gid) = (await IdAsync("-u", cancellationToken), await IdAsync("-g", cancellationToken));
        var socket = EngineSocket();
        var group = await HostPrograms.RunAsync("stat", ["--dereference", "--format", "%g", socket], cancellationToken);
        var isRoot = uid == "0";
        return new MachineFacts(
            folder, settings.Volumes.NodeData ?? Path.Combine(isRoot ? "/var/lib" : UserFolder(), "sandbox", settings.Project.Name), socket,
            group is (0, var number) ? number.Trim() : null, isRoot ? null : $"{uid}:{gid}");
    }

    private static string UserFolder() =>
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);

    private static async Task<string> IdAsync(string option, CancellationToken cancellationToken) =>
        (await HostPrograms.RunAsync("id", [option], cancellationToken))?.Output.Trim() ?? "";
}
