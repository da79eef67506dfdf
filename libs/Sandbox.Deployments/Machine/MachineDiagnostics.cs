using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Policies;
using Sandbox.Node;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Deployments.Machine;

/// <summary>What the policy of this node allows, and what its kernel counts for all sandboxes together: there no limit of one of them
/// protects the others.</summary>
internal sealed class MachineDiagnostics(IOptions<SecurityPolicy> security, IOptions<WorkerOptions> worker) : IDiagnosticSource
{
    private const double GiB = 1L << 30;

    /// <summary>From these on one sandbox alone hardly takes all of them within its limits on processes and memory.</summary>
    private const long EnoughProcesses = 1 << 20, EnoughInotifyInstances = 8192, EnoughAsynchronousRequests = 1 << 20;

    /// <summary>Free space and memory of which less is worth a warning, as a part of all.</summary>
    private const double Scarce = 0.1;

    public string Subject => "machine";

    /// <summary>Where the kernel tells.</summary>
    internal string Proc { get; init; } = "/proc";

    public Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DiagnosticCheck>>(
        [
            DiagnosticCheck.Good("kernel", Read("sys/kernel/osrelease")),
            Privileges(), Processes(), Inotify(), AsynchronousIo(), OpenFiles(), CoreDumps(), Memory(),
            FreeDisk("free_disk", worker.Value.DataFolder, "the node's data folder"),
        ]);

    /// <summary>Whether there is room on the disk of a folder.</summary>
    internal static DiagnosticCheck FreeDisk(string name, string folder, string what)
    {
        var drive = new DriveInfo(Path.GetFullPath(folder));
        var (free, all) = (drive.AvailableFreeSpace, drive.TotalSize);
        var found = string.Create(CultureInfo.InvariantCulture, $"{free / GiB:0.0} of {all / GiB:0.0} GiB free in {what}");
        return free < all * Scarce
            ? DiagnosticCheck.Warn(name, found, "free some of it: where it is full, no sandbox starts and none can write")
            : DiagnosticCheck.Good(name, found);
    }

    private DiagnosticCheck Privileges() => security.Value switch
    {
        { AllowPrivileged: true } => DiagnosticCheck.Fail(
            "privileges", "a caller may ask for privileged sandboxes, which are root on this machine",
            "set Security:AllowPrivileged to false, unless every caller is trusted with the machine"),
        { AllowPrivilegeGain: true } => DiagnosticCheck.Good(
            "privileges", "nine capabilities; no-new-privileges, unless a start asks for allow_privilege_gain"),
        _ => DiagnosticCheck.Good("privileges", "nine capabilities, no-new-privileges"),
    };

    /// <summary>The kernel gives every process and thread of the machine a number, inside and outside of sandboxes.</summary>
    private DiagnosticCheck Processes()
    {
        var numbers = Number("sys/kernel/pid_max");
        var found = string.Create(CultureInfo.InvariantCulture, $"{numbers} process numbers for the machine and all sandboxes together");
        return numbers < EnoughProcesses
            ? DiagnosticCheck.Warn(
                "processes", $"{found}: few sandboxes can take all of them", "sysctl -w kernel.pid_max=4194304, or a lower Limits:MaxPids")
            : DiagnosticCheck.Good("processes", found);
    }

    private DiagnosticCheck Inotify()
    {
        var (instances, watches) = (Number("sys/fs/inotify/max_user_instances"), Number("sys/fs/inotify/max_user_watches"));
        var found = string.Create(CultureInfo.InvariantCulture, $"{instances} instances and {watches} watches for all sandboxes together");
        return instances < EnoughInotifyInstances
            ? DiagnosticCheck.Warn(
                "inotify", $"{found}: one can take all of them", $"sysctl -w fs.inotify.max_user_instances={EnoughInotifyInstances}")
            : DiagnosticCheck.Good("inotify", found);
    }

    private DiagnosticCheck AsynchronousIo()
    {
        var (used, most) = (Number("sys/fs/aio-nr"), Number("sys/fs/aio-max-nr"));
        var found = string.Create(CultureInfo.InvariantCulture, $"{used} of {most} requests of asynchronous I/O in use, of the machine");
        return most < EnoughAsynchronousRequests
            ? DiagnosticCheck.Warn(
                "aio", $"{found}: one sandbox can take all of them", $"sysctl -w fs.aio-max-nr={EnoughAsynchronousRequests}")
            : DiagnosticCheck.Good("aio", found);
    }

    private DiagnosticCheck OpenFiles()
    {
        var fields = Read("sys/fs/file-nr").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var (used, most) = (double.Parse(fields[0], CultureInfo.InvariantCulture), double.Parse(fields[^1], CultureInfo.InvariantCulture));
        return used > most * (1 - Scarce)
            ? DiagnosticCheck.Warn("open_files", $"{fields[0]} of {fields[^1]} in use", "sysctl -w fs.file-max to more")
            : DiagnosticCheck.Good("open_files", $"{fields[0]} of {fields[^1]} in use");
    }

    /// <summary>A program that the kernel gives core dumps to gets them whatever the limit of the process that died, and runs as root
    /// outside.</summary>
    private DiagnosticCheck CoreDumps() => Read("sys/kernel/core_pattern") is ['|', .. var program]
        ? DiagnosticCheck.Warn(
            "core_dumps", $"those of sandboxes go to a program of this machine: {program.Split(' ')[0]}",
            "sysctl -w kernel.core_pattern=core: then sandboxes have none")
        : DiagnosticCheck.Good("core_dumps", "none of sandboxes");

    private DiagnosticCheck Memory()
    {
        var fields = File.ReadLines(Path.Combine(Proc, "meminfo"))
            .Select(line => line.Split((char[])[':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1)
            .ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture) * 1024);
        var (free, all) = (fields["MemAvailable"], fields["MemTotal"]);
        var found = string.Create(CultureInfo.InvariantCulture, $"{free / GiB:0.0} of {all / GiB:0.0} GiB available");
        return free < all * Scarce
            ? DiagnosticCheck.Warn(
                "memory", found,
                "set Worker:Capacity:MemoryBytes to less: where there is none left, the kernel ends processes of any sandbox")
            : DiagnosticCheck.Good("memory", found);
    }

    private long Number(string file) => long.Parse(Read(file), CultureInfo.InvariantCulture);

    private string Read(string file) => File.ReadAllText(Path.Combine(Proc, file)).Trim();
}
