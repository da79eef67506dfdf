using Docker.DotNet.Models;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Policies;

namespace Sandbox.Deployments.Docker;

/// <summary>What an engine says of itself, judged by what is promised of sandboxes.</summary>
internal static class EngineChecks
{
    private const string KataRuntime = "io.containerd.kata.v2";

    public static IEnumerable<DiagnosticCheck> Of(SystemInfoResponse info, EngineFacts facts, SecurityPolicy policy) =>
    [
        Engine(info, facts), Seccomp(info), MandatoryAccess(info), UserNamespaces(info), ControlGroups(info), Runtimes(info, policy),
        DiskLimits(info, facts),
    ];

    private static DiagnosticCheck Engine(SystemInfoResponse info, EngineFacts facts)
    {
        var found = $"Docker {info.ServerVersion}, API {facts.ApiVersion}, {info.OperatingSystem}";
        return info.LiveRestoreEnabled
            ? DiagnosticCheck.Good("engine", $"{found}, live-restore")
            : DiagnosticCheck.Warn(
                "engine", $"{found}; its restart ends every sandbox", "set \"live-restore\": true in the engine's daemon.json");
    }

    private static DiagnosticCheck Seccomp(SystemInfoResponse info)
    {
        const string off = "nothing filters the system calls of sandboxes";
        const string advice = "start the engine without seccomp-profile=unconfined, on a kernel with CONFIG_SECCOMP_FILTER";
        return Option(info, "seccomp") switch
        {
            null => DiagnosticCheck.Fail("seccomp", off, advice),
            var profile when profile.Contains("profile=unconfined", StringComparison.Ordinal) =>
                DiagnosticCheck.Fail("seccomp", off, advice),
            var profile => DiagnosticCheck.Good(
                "seccomp", $"on {profile.Replace("profile=", "with profile ", StringComparison.Ordinal)}".TrimEnd()),
        };
    }

    private static DiagnosticCheck MandatoryAccess(SystemInfoResponse info) =>
        Option(info, "apparmor") is not null ? DiagnosticCheck.Good("mandatory_access", "AppArmor")
        : Option(info, "selinux") is not null ? DiagnosticCheck.Good("mandatory_access", "SELinux")
        : DiagnosticCheck.Warn(
            "mandatory_access", "neither AppArmor nor SELinux; capabilities, seccomp and namespaces stand alone",
            "turn on AppArmor or SELinux where the machine's distribution has it");

    private static DiagnosticCheck UserNamespaces(SystemInfoResponse info) =>
        Option(info, "rootless") is not null ? DiagnosticCheck.Good("user_namespaces", "the engine itself is rootless")
        : Option(info, "userns") is not null ? DiagnosticCheck.Good("user_namespaces", "root of a sandbox is nobody on this machine")
        : DiagnosticCheck.Warn(
            "user_namespaces", "off: root of a sandbox has root's number on this machine",
            "set \"userns-remap\": \"default\" in the engine's daemon.json; its images are then pulled anew");

    private static DiagnosticCheck ControlGroups(SystemInfoResponse info)
    {
        var found = $"version {info.CgroupVersion}, driver {info.CgroupDriver}";
        string[] missing =
        [
            .. info.MemoryLimit is true ? (string[])[] : ["memory"], .. info.CPUCfsQuota is true ? (string[])[] : ["processors"],
            .. info.PidsLimit is true ? (string[])[] : ["processes"],
        ];
        return missing.Length > 0
            ? DiagnosticCheck.Fail(
                "limits", $"control groups {found}; no limit on {string.Join(", ", missing)}",
                "start the kernel with these controllers (cgroup_enable=memory …)")
            : info.SwapLimit is not true
            ? DiagnosticCheck.Warn(
                "limits", $"memory, processors, processes; not swap (control groups {found})",
                "start the kernel with swapaccount=1, or turn off swap: a sandbox may else use it beyond its memory")
            : DiagnosticCheck.Good("limits", $"memory and swap, processors, processes (control groups {found})");
    }

    private static DiagnosticCheck Runtimes(SystemInfoResponse info, SecurityPolicy policy)
    {
        var names = info.Runtimes?.Keys.Order(StringComparer.Ordinal).ToList() ?? [];
        var found = $"{string.Join(", ", names)}; {info.DefaultRuntime} where a start names none";
        return policy.AllowKata && !names.Any(name => name == KataRuntime || name.Contains("kata", StringComparison.Ordinal))
            ? DiagnosticCheck.Warn(
                "runtimes", $"{found}; kata is allowed and the engine lists none", "install kata, or set Security:AllowKata to false")
            : DiagnosticCheck.Good("runtimes", found);
    }

    private static DiagnosticCheck DiskLimits(SystemInfoResponse info, EngineFacts facts)
    {
        var beneath = info.DriverStatus?.FirstOrDefault(pair => pair is ["Backing Filesystem", _])?[1];
        var found = beneath is null ? info.Driver : $"{info.Driver} on {beneath}";
        return facts.CanLimitDisk
            ? DiagnosticCheck.Good("disk_limits", $"{found}: in effect where it is mounted with pquota")
            : DiagnosticCheck.Warn(
                "disk_limits", $"{found}: none, a sandbox can fill the disk",
                "put the engine's data on XFS, mounted with pquota (docs/disk-limits.md)");
    }

    /// <summary>What stands behind a name in the engine's security options (<c>name=seccomp,profile=builtin</c>); null: it is not
    /// among them.</summary>
    private static string? Option(SystemInfoResponse info, string name) => info.SecurityOptions?
        .Select(option => option.Split(',', 2))
        .Where(parts => parts[0] == $"name={name}" || parts[0] == name)
        .Select(parts => parts.Length > 1 ? parts[1] : "")
        .FirstOrDefault();
}
