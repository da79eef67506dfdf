using System.Globalization;
using Sandbox.Contracts.Agent;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The isolation of a Local sandbox (docs/local-deployment.md says what is seen inside). It outlives this server, so
/// <c>--die-with-parent</c> is left out on purpose.
/// </summary>
internal sealed class Bubblewrap(TimeProvider time) : ILocalIsolation
{
    /// <summary>The sandbox's own folder, as seen inside.</summary>
    public const string Home = "/home/sandbox";

    private const long SharedMemoryBytes = 64 << 20;
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(10);

    // Without these the root user of the machine, whose number the sandbox has where the server runs as root, could change
    // the kernel's settings: they ask for the user's number, not for a capability.
    private static readonly string[] Sealed =
        ["/proc/sys", "/proc/sysrq-trigger", "/proc/fs", "/proc/irq", "/proc/bus", "/proc/acpi", "/proc/scsi", "/proc/driver"];

    // No more of /etc than programs need to run, find names and trust certificates.
    private static readonly string[] Etc =
    [
        "alternatives", "bash.bashrc", "ca-certificates", "ca-certificates.conf", "debian_version", "hosts", "inputrc", "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "os-release", "pki", "protocols", "python3", "resolv.conf",
        "services", "ssl/certs", "ssl/openssl.cnf", "terminfo", "timezone",
    ];

    private static readonly string[] Programs = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];

    private static readonly string[] Roots = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    private readonly Lazy<Task<IsolationSettings?>> _probed = new(() => ProbeAsync(time));

    /// <summary>How bubblewrap is called here, or null when it is missing or does not work; tried once.</summary>
    public Task<IsolationSettings?> FindAsync() => _probed.Value;

    public async Task<bool> WorksAsync(CancellationToken cancellationToken) => await _probed.Value.WaitAsync(cancellationToken) is not null;

    private static async Task<IsolationSettings?> ProbeAsync(TimeProvider time)
    {
        var program = Programs.FirstOrDefault(File.Exists);
        foreach (var isolation in program is null
            ? [] : new[] { new IsolationSettings(program, Newer: true), new IsolationSettings(program, Newer: false) })
        {
            if (await WorksAsync(isolation, time))
            {
                return isolation;
            }
        }

        return null;
    }

    private static async Task<bool> WorksAsync(IsolationSettings isolation, TimeProvider time)
    {
        var start = new System.Diagnostics.ProcessStartInfo(isolation.Program, [.. isolation.Base(), "--", "true"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        using var deadline = new CancellationTokenSource(ProbeTimeout, time);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
            return process.ExitCode == 0;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return false;
        }
    }

    /// <param name="Newer">Knows <c>--disable-userns</c> and <c>--size</c> (0.8 and later).</param>
    internal sealed record IsolationSettings(string Program, bool Newer)
    {
        /// <summary>The whole command line up to the program that is run.</summary>
        /// <param name="shared">Folders that are seen inside under the same path, read-only.</param>
        /// <param name="hasNetwork">It is run inside the network that the sandbox gets; else it makes one with nothing in it.</param>
        public IReadOnlyList<string> CommandLine(
            SandboxInstance sandbox, LocalFolder folder, string socketFolder, AgentCommand agent, IReadOnlyList<string> shared,
            bool hasNetwork) =>
        [
            Program, "--info-fd", "3", "--seccomp", "5", .. Base(), "--unshare-uts", "--hostname", sandbox.Id.ToString(),
            .. hasNetwork ? (string[])["--ro-bind", folder.ResolverFile, "/etc/resolv.conf"] : ["--unshare-net"],
            .. agent.Runtime is { } runtime && !runtime.StartsWith("/usr/", StringComparison.Ordinal)
                ? (string[])["--ro-bind", runtime, runtime] : [],
            "--ro-bind", Path.Combine(folder.Etc, "passwd"), "/etc/passwd", "--ro-bind", Path.Combine(folder.Etc, "group"), "/etc/group",
            "--ro-bind", agent.Folder, AgentRoutes.BinaryFolderInSandbox, "--ro-bind", socketFolder, AgentRoutes.SocketFolderInSandbox,
            "--bind", folder.Temp, "/tmp", "--bind", folder.Home, Home, "--dir", "/run", "--dir", "/var", "--symlink", "../tmp", "/var/tmp",
            .. shared.SelectMany(path => (string[])["--ro-bind-try", path, path]),
            "--remount-ro", "/", "--chdir", Home, "--",
        ];

        /// <summary>Namespaces, no capabilities, and the read-only parts of the machine.</summary>
        public IReadOnlyList<string> Base() =>
        [
            "--unshare-user", "--uid", "0", "--gid", "0", .. Newer ? (string[])["--disable-userns"] : [],
            "--unshare-ipc", "--unshare-pid", "--unshare-cgroup-try", "--cap-drop", "ALL", "--new-session",
            "--ro-bind", "/usr", "/usr", .. Roots.Where(Path.Exists).SelectMany(Root),
            .. Etc.Select(name => $"/etc/{name}").SelectMany(path => (string[])["--ro-bind-try", path, path]),
            "--proc", "/proc", .. Sealed.Where(Path.Exists).SelectMany(path => (string[])["--ro-bind", path, path]),
            "--dev", "/dev", .. Newer ? (string[])["--size", SharedMemoryBytes.ToString(CultureInfo.InvariantCulture)] : [],
            "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        ];

        private static string[] Root(string path) =>
            new FileInfo(path).LinkTarget is { } target ? ["--symlink", target, path] : ["--ro-bind", path, path];
    }
}
