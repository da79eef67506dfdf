using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Docker.DotNet.Models;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Agents;
using Version = System.Version;

namespace Sandbox.Deployments.Docker;

/// <summary>What is asked of an engine once and does not change while it runs.</summary>
/// <param name="Architecture">As the kernel names it: <c>x86_64</c>, <c>aarch64</c>.</param>
/// <param name="CanLimitDisk">The storage driver may be able to enforce a size: overlay2 on XFS. Whether the mount has project
/// quota, too, the first create tells: the engine has tried it, and the mount's options are not always seen from here.</param>
/// <param name="DataFolder">Where it keeps everything, by its own words.</param>
internal sealed partial record EngineFacts(string Architecture, bool CanLimitDisk, string DataFolder, Version ApiVersion)
{
    /// <summary>The user of this machine that root is in its containers, where the engine maps users (<c>userns-remap</c>); else
    /// null.</summary>
    public FileOwner? ContainerRoot { get; init; }

    /// <summary>Root in its containers is not the machine's root: users are mapped, or the engine is not root itself.</summary>
    public bool HasUserNamespaces { get; init; }

    /// <summary>Names of the runtimes that it was configured with.</summary>
    public IReadOnlyCollection<string> Runtimes { get; init; } = [];

    public static EngineFacts Of(SystemInfoResponse info, Version api)
    {
        var security = info.SecurityOptions ?? [];
        var isMapped = security.Any(option => IsOption(option, "userns"));
        var onXfs = info.DriverStatus?.Any(pair => pair is ["Backing Filesystem", "xfs"]) is true;
        return new EngineFacts(info.Architecture, info.Driver is "overlay2" && onXfs, info.DockerRootDir ?? "", api)
        {
            ContainerRoot = isMapped ? RootOf(info.DockerRootDir) : null,
            HasUserNamespaces = isMapped || security.Any(option => IsOption(option, "rootless")),
            Runtimes = [.. info.Runtimes?.Keys ?? []],
        };
    }

    /// <summary>Why this engine is not what the node is to run sandboxes with; null: it is.</summary>
    public string? WhyRefused(WorkerOptions worker) =>
        worker.Runtime.Length > 0 && !HasRuntime(worker.Runtime)
            ? $"{WorkerOptions.Section}:{nameof(WorkerOptions.Runtime)} is '{worker.Runtime}', and the engine has no runtime of that name; "
                + $"it has {string.Join(", ", Runtimes.Order(StringComparer.Ordinal))}"
        : worker.UserNamespaces is "required" && !HasUserNamespaces
            ? $"{WorkerOptions.Section}:{nameof(WorkerOptions.UserNamespaces)} is 'required', and the engine gives containers the "
                + "machine's own users: it has to be started with userns-remap"
        : null;

    /// <summary>What of a container's confinement is not an engine's ordinary one, in words; null: nothing.</summary>
    public string? Describe(SandboxSpec spec, WorkerOptions worker)
    {
        string?[] parts =
        [
            ContainerRoot is { } root ? $"in a user namespace (its root is user {root.User} of the machine)" : null,
            worker.Runtime.Length > 0 && spec is { Privileged: false, UseKata: false } ? $"with the runtime {worker.Runtime}" : null,
        ];
        return parts.Any(part => part is not null) ? string.Join(' ', parts.OfType<string>()) : null;
    }

    /// <summary>A runtime of containerd's need not be configured: the engine finds its program by its name.</summary>
    private bool HasRuntime(string name) =>
        Runtimes.Contains(name, StringComparer.Ordinal) || name.StartsWith("io.containerd.", StringComparison.Ordinal);

    /// <summary>An engine that maps users keeps everything in a folder named by the first of them and of their groups, and says it nowhere
    /// else.</summary>
    private static FileOwner RootOf(string? folder) => MappedFolder().Match(folder ?? "") is { Success: true } name
        ? new FileOwner(Number(name.Groups[1].Value), Number(name.Groups[2].Value))
        : throw new EngineException(
            $"the engine maps users, and its data folder {folder} does not tell to which", HttpStatusCode.NotImplemented, null);

    private static bool IsOption(string option, string name) =>
        option == $"name={name}" || option.StartsWith($"name={name},", StringComparison.Ordinal);

    private static uint Number(string digits) => uint.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"/(\d{1,9})\.(\d{1,9})/?\z")]
    private static partial Regex MappedFolder();
}
