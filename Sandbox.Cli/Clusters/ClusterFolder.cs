using Sandbox.Cli.Servers;
using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Hosts;
using Sandbox.Contracts.Files;

namespace Sandbox.Cli.Clusters;

/// <summary>The folder where <c>cluster.yaml</c> lies. What is made of it is kept below <c>.cluster</c>, for its owner's eyes
/// only.</summary>
internal sealed class ClusterFolder(string file)
{
    public const string MainText = "compose.yaml", TestText = "cluster-test.compose.yaml";

    private const string AgentName = "sandbox-agent";

    public string Root { get; } = Path.GetDirectoryName(Path.GetFullPath(file))!;

    private string State => Path.Combine(Root, ClusterPlans.StateFolder);

    public string PathOf(string text) => Path.Combine(State, text);

    /// <summary>Reads the file, and finds out what it leaves to the machine.</summary>
    public Task<ClusterPlan> ReadAsync(TimeProvider time, CancellationToken cancellationToken) =>
        ClusterPlans.ReadAsync(file, time, cancellationToken);

    /// <summary>Writes a compose file.</summary>
    public string Write(string name, ComposeFile compose)
    {
        OwnerOnlyFile.EnsureFolder(State);
        var path = PathOf(name);
        OwnerOnlyFile.Write(path, ComposeText.Write(compose));
        return path;
    }

    /// <summary>Makes the folders that containers have in common with the host, and puts secrets and the agent there.</summary>
    public static async Task PrepareAsync(ComposeFile compose, ClusterPlan plan, CancellationToken cancellationToken)
    {
        await SecretFiles.WriteAsync(compose, plan, cancellationToken);
        var folders = compose.Services.SelectMany(service => service.Mounts)
            .Where(mount => !mount.IsVolume && mount.Source != plan.Machine.EngineSocket)
            .Select(mount => mount.Source).Distinct().Where(folder => !Directory.Exists(folder)).ToList();
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(folder);
            if (plan.Machine.User is null)
            {
                await HostPrograms.RunAsync("chown", [SecretFiles.ServiceUser, folder], cancellationToken);
            }
        }

        PutAgents(Installation.AgentFolder, plan.AgentFolder);
    }

    /// <summary>In no image: the engine mounts the agent from the host into each sandbox, so it has to lie where host and node both see
    /// it.</summary>
    /// <exception cref="CliException">There is none, here or there: no sandbox would ever answer.</exception>
    internal static void PutAgents(string from, string to)
    {
        string[] architectures = ["linux-x64", "linux-arm64"];
        foreach (var architecture in architectures)
        {
            PutAgent(Path.Combine(from, architecture, AgentName), Path.Combine(to, architecture));
        }

        if (!architectures.Any(architecture => File.Exists(Path.Combine(to, architecture, AgentName))))
        {
            throw new CliException($"the native agent is not in {from}: build/agent.sh builds it and needs gcc");
        }
    }

    private static void PutAgent(string agent, string folder)
    {
        var target = Path.Combine(folder, AgentName);
        if (!File.Exists(agent) || (File.Exists(target) && new FileInfo(target) is var there && there.Length == new FileInfo(agent).Length
            && there.LastWriteTimeUtc == File.GetLastWriteTimeUtc(agent)))
        {
            return;
        }

        // Replaced at once: sandboxes may run it now.
        Directory.CreateDirectory(folder);
        File.Copy(agent, target + ".new", overwrite: true);
        File.SetLastWriteTimeUtc(target + ".new", File.GetLastWriteTimeUtc(agent));
        File.Move(target + ".new", target, overwrite: true);
    }
}
