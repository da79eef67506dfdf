using System.Globalization;
using Docker.DotNet.Models;
using Sandbox.Contracts.Agent;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// What the engine is asked to make for a sandbox: a pure function of its spec and of where this node keeps things.
/// Unprivileged unless the spec says otherwise; nothing of the host is writable inside.
/// </summary>
/// <param name="Image">Id of the image: its name may mean another one a moment later.</param>
/// <param name="Arguments">The allow-listed extra arguments.</param>
/// <param name="AgentFolder">Host folder with the agent for the engine's architecture.</param>
/// <param name="SocketFolder">Host folder with the owner's socket.</param>
/// <param name="KataDiskFile">Host file with the disk image; only for kata.</param>
internal sealed record ContainerPlan(
    SandboxInstance Sandbox, string Image, WorkerOptions Worker, EngineArguments Arguments, string AgentFolder, string SocketFolder,
    string KataDiskFile)
{
    /// <summary>Of the node's lease; null where none is needed.</summary>
    public long? Epoch { get; init; }

    /// <summary>The engine's name of the network that it is in.</summary>
    public required SandboxNetwork Network { get; init; }

    /// <summary>What of its confinement is not the ordinary one, in words (<see cref="EngineFacts.Describe"/>).</summary>
    public string? Confinement { get; init; }

    /// <summary>The GPUs that it alone has, by the names of the engine's GPU runtime.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>Processes and threads that this node gives any sandbox, whatever it asks for.</summary>
    public long MostProcesses { get; init; } = int.MaxValue;

    /// <summary>Where the machine has no memory left, the kernel ends processes of sandboxes before this worker, an API or the
    /// engine. Root of a sandbox may take that back, and go no further.</summary>
    private const long EndedBeforeTheMachinesOwn = 500;

    private const string AgentPath = $"{AgentRoutes.BinaryFolderInSandbox}/{AgentRoutes.BinaryName}";
    private const string SocketPath = $"{AgentRoutes.SocketFolderInSandbox}/{AgentRoutes.SocketName}";

    public static IReadOnlyList<string> Capabilities => UnprivilegedDefault.Capabilities;

    private SandboxSpec Spec => Sandbox.Spec;

    /// <summary>The agent of a sandbox, as the container's only program.</summary>
    public static IReadOnlyList<string> AgentCommand(SandboxInstance sandbox) =>
    [
        AgentPath, "--dial", $"unix:{SocketPath}",
        "--grace", Math.Ceiling(sandbox.Spec.AgentGrace.TotalSeconds).ToString(CultureInfo.InvariantCulture),
    ];

    /// <param name="command">Replaces the image's entrypoint and command.</param>
    /// <param name="limitDisk">Ask the storage driver for the spec's disk limit.</param>
    public CreateContainerParameters ToParameters(IReadOnlyList<string> command, bool limitDisk) => new()
    {
        Name = ContainerName.Of(Sandbox.Incarnation, Worker),
        Image = Image,
        Platform = Arguments.Platform ?? Spec.Platform,
        Entrypoint = [.. command],
        // The owner's socket is root's alone, also in an image that runs as somebody else.
        User = "0:0",
        Hostname = Arguments.Hostname ?? "",
        Labels = ContainerLabels.Of(Sandbox, Worker, Epoch, Gpus),
        StopSignal = "SIGTERM",
        Healthcheck = new HealthcheckConfig { Test = ["NONE"] },
        HostConfig = Host(limitDisk),
    };

    private HostConfig Host(bool limitDisk)
    {
        var host = new HostConfig
        {
            Init = true,
            NetworkMode = Network.Name,
            RestartPolicy = new RestartPolicy { Name = RestartPolicyKind.No },
            LogConfig =
                new LogConfig { Type = "json-file", Config = new Dictionary<string, string> { ["max-size"] = "1m", ["max-file"] = "1" } },
            Mounts = Mounts(),
            Memory = Spec.MemoryBytes,
            MemorySwap = Spec.MemoryBytes,
            NanoCPUs = (long)Math.Round((Spec.LimitCpus ?? Spec.Cpus) * 1_000_000_000),
            PidsLimit = Math.Min(Spec.PidsLimit, MostProcesses),
            OomScoreAdj = EndedBeforeTheMachinesOwn,
            StorageOpt = limitDisk && Spec.DiskBytes is { } disk
                ? new Dictionary<string, string> { ["size"] = disk.ToString(CultureInfo.InvariantCulture) }
                : null,
            DeviceRequests = Devices(),
        };
        if (Spec.LimitCpus is not null)
        {
            host.CPUShares = Math.Max(2, (long)Math.Round(Spec.Cpus * 1024));
        }

        Confine(host);
        Apply(host);
        return host;
    }

    private void Confine(HostConfig host)
    {
        if (Spec.Privileged)
        {
            host.Privileged = true;
        }
        else if (Spec.UseKata)
        {
            // A virtual machine of its own: what root does in it stays in it, and it runs a Docker engine of its own.
            host.Runtime = Worker.KataRuntime;
            host.CapAdd = ["ALL"];
            host.SecurityOpt = ["seccomp=unconfined"];
            host.DeviceCgroupRules = ["c 10:232 rwm"];
            host.Sysctls = new Dictionary<string, string> { ["net.ipv4.ip_forward"] = "1" };
        }
        else
        {
            host.Runtime = Worker.Runtime;
            host.CapDrop = ["ALL"];
            host.CapAdd = [.. Capabilities];
            host.SecurityOpt = Spec.AllowPrivilegeGain ? [] : ["no-new-privileges"];
        }
    }

    private void Apply(HostConfig host)
    {
        host.ShmSize = Arguments.ShmBytes ?? 0;
        host.Ulimits =
        [
            // The engine's own defaults may be others.
            new Ulimit { Name = "core", Soft = 0, Hard = 0 },
            new Ulimit { Name = "rtprio", Soft = 0, Hard = 0 },
            .. Arguments.Ulimits.Where(limit => limit.Name is not "core")
                .Select(limit => new Ulimit { Name = limit.Name, Soft = limit.Soft, Hard = limit.Hard }),
        ];
        host.Tmpfs = Arguments.Tmpfs.Count == 0 ? null : new Dictionary<string, string>(Arguments.Tmpfs);
        host.DNS = [.. Arguments.Dns];
        host.DNSSearch = [.. Arguments.DnsSearch];
        host.ExtraHosts = [.. Arguments.ExtraHosts];
        host.CpusetCpus = Arguments.CpusetCpus ?? "";
        host.ReadonlyRootfs = Arguments.ReadOnlyRoot;
        if (Arguments.Sysctls.Count > 0)
        {
            host.Sysctls = new Dictionary<string, string>((host.Sysctls ?? new Dictionary<string, string>()).Concat(Arguments.Sysctls));
        }
    }

    private List<Mount> Mounts()
    {
        List<Mount> mounts =
        [
            ReadOnly(AgentFolder, AgentRoutes.BinaryFolderInSandbox),
            ReadOnly(SocketFolder, AgentRoutes.SocketFolderInSandbox),
            .. Spec.SharesModels ? Worker.ModelFolders.Select(folder => ReadOnly(folder, folder)) : [],
        ];
        if (Spec.UseKata)
        {
            mounts.Add(new Mount { Type = "bind", Source = KataDiskFile, Target = KataDisk.PathInSandbox });
        }

        return mounts;
    }

    // Private propagation: what the host mounts below the folder later does not appear inside, and the other way round.
    private static Mount ReadOnly(string source, string target) => new()
    {
        Type = "bind",
        Source = source,
        Target = target,
        ReadOnly = true,
        BindOptions = new BindOptions { Propagation = "rprivate" },
    };

    private List<DeviceRequest> Devices() =>
        Gpus.Count > 0 ? [new DeviceRequest { Driver = "", DeviceIDs = [.. Gpus], Capabilities = [["gpu"]] }] : [];
}
