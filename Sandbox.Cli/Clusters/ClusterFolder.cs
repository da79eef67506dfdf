using System.Text.Json;
using Sandbox.Cli.Servers;
using Sandbox.Topology;
using Sandbox.Topology.Compose;
using Sandbox.Topology.Hosts;
using Sandbox.Topology.Settings;

namespace Sandbox.Cli.Clusters;

/// <summary>The folder where <c>cluster.yaml</c> lies. What is made of it is kept below <c>.cluster</c>, for its owner's eyes only.</summary>
internal sealed class ClusterFolder(string file)
{
    public const string MainText = "compose.yaml", TestText = "cluster-test.compose.yaml";

    private const string ServiceUser = "1654:1654", AgentName = "sandbox-agent";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public string Root { get; } = Path.GetDirectoryName(Path.GetFullPath(file))!;

    private string State => Path.Combine(Root, ".cluster");

    public string PathOf(string text) => Path.Combine(State, text);

    /// <summary>Reads the file, and finds out what it leaves to the machine.</summary>
    public async Task<ClusterPlan> ReadAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        var reading = ClusterFile.Read(file, ClusterFile.EnvironmentOfProcess());
        if (reading.Settings is not { } settings)
        {
            throw new CliException(reading.Problems is [var only] ? only : $"{reading.Problems.Count} problems: {string.Join("; ", reading.Problems)}");
        }

        var host = await HostFacts.FindAsync(settings.Host, time, cancellationToken);
        return new ClusterPlan(settings, host, Secrets(), await MachineAsync(settings, cancellationToken));
    }

    /// <summary>Writes a compose file; it holds secrets.</summary>
    public string Write(string name, ComposeFile compose)
    {
        Directory.CreateDirectory(State);
        var path = PathOf(name);
        WriteOwn(path, ComposeText.Write(compose));
        return path;
    }

    /// <summary>Makes the folders that nodes have in common with the host, and puts the agent there.</summary>
    public static async Task PrepareAsync(ComposeFile compose, ClusterPlan plan, CancellationToken cancellationToken)
    {
        var folders = compose.Services.SelectMany(service => service.Mounts)
            .Where(mount => !mount.IsVolume && mount.Source != plan.Machine.EngineSocket)
            .Select(mount => mount.Source).Distinct().Where(folder => !Directory.Exists(folder)).ToList();
        foreach (var folder in folders)
        {
            Directory.CreateDirectory(folder);
            if (plan.Machine.User is null)
            {
                await HostPrograms.RunAsync("chown", [ServiceUser, folder], cancellationToken);
            }
        }

        PutAgents(Installation.AgentFolder, plan.AgentFolder);
    }

    /// <summary>In no image: the engine mounts the agent from the host into each sandbox, so it has to lie where host and node both see it.</summary>
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

    private ClusterSecrets Secrets()
    {
        var path = PathOf("secrets.json");
        if (File.Exists(path))
        {
            return JsonSerializer.Deserialize<ClusterSecrets>(File.ReadAllText(path)) ?? throw new CliException($"{path} holds no secrets; remove it, and new ones are made");
        }

        var secrets = ClusterSecrets.New();
        Directory.CreateDirectory(State);
        WriteOwn(path, JsonSerializer.Serialize(secrets));
        return secrets;
    }

    private async Task<MachineFacts> MachineAsync(ClusterSettings settings, CancellationToken cancellationToken)
    {
        var (uid, gid) = await UserAsync(cancellationToken);
        var socket = EngineSocket();
        var group = await HostPrograms.RunAsync("stat", ["--dereference", "--format", "%g", socket], cancellationToken);
        var data = settings.Volumes.NodeData ?? (uid == "0"
            ? $"/var/lib/sandbox/{settings.Project.Name}"
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "sandbox", settings.Project.Name));
        return new MachineFacts(Root, data, socket, group is (0, var number) ? number.Trim() : null, uid == "0" ? null : $"{uid}:{gid}");
    }

    /// <summary>Containers of the cluster mount it: an engine that is reached otherwise will not do.</summary>
    internal static string EngineSocket()
    {
        var address = (string?)Environment.GetEnvironmentVariables()["DOCKER_HOST"];
        return string.IsNullOrWhiteSpace(address) ? "/var/run/docker.sock"
            : address.StartsWith("unix://", StringComparison.Ordinal) ? address["unix://".Length..]
            : throw new CliException($"DOCKER_HOST is {address}; a cluster's nodes need an engine on a Unix socket of this machine");
    }

    private static async Task<(string Uid, string Gid)> UserAsync(CancellationToken cancellationToken)
    {
        var (uid, gid) = (await HostPrograms.RunAsync("id", ["-u"], cancellationToken), await HostPrograms.RunAsync("id", ["-g"], cancellationToken));
        return (uid?.Output.Trim() ?? "", gid?.Output.Trim() ?? "");
    }

    internal static void WriteOwn(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly };
        using var writer = new StreamWriter(path, options);
        writer.Write(text);
    }
}
