using System.Globalization;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Local;

/// <summary>
/// The kernel's bounds on the memory, the processors and the number of all processes of a Local sandbox together: one control group of it
/// where the machine has version 2 of them, one for each bound where it has version 1. Where none can be made, which is mostly so
/// without root, there are no bounds.
/// </summary>
internal sealed class ControlGroups(TimeProvider time)
{
    private const string Parent = "sandbox.aspire";
    private const string Controllers = "+cpu +memory +pids";
    private const long PeriodMicroseconds = 100_000;
    private const long LeastQuotaMicroseconds = 1000;

    private static readonly string[] Split = ["memory", "pids", "cpu"];
    private static readonly TimeSpan RemoveTimeout = TimeSpan.FromSeconds(10), Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>Where the kernel shows them.</summary>
    public string Root { get; init; } = "/sys/fs/cgroup";

    private bool IsUnified => File.Exists(Path.Combine(Root, "cgroup.controllers"));

    /// <summary>Makes the groups of a sandbox that is about to start, or sets the bounds of those that an earlier start made.</summary>
    public ControlGroupLimits Make(IncarnationId incarnation, SandboxSpec spec)
    {
        try
        {
            IReadOnlyList<string> folders = IsUnified ? [MakeUnified(incarnation, spec)] : MakeSplit(incarnation, spec);
            return new ControlGroupLimits(folders, WhyMissing: null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new ControlGroupLimits([], exception.Message);
        }
    }

    /// <summary>Removes them. No process of the sandbox runs any more; the kernel may take a moment to see that.</summary>
    public async Task RemoveAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        foreach (var folder in FoldersOf(incarnation))
        {
            while (!TryRemove(folder, isLast: time.GetElapsedTime(begun) > RemoveTimeout))
            {
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    private static bool TryRemove(string folder, bool isLast)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException) when (!isLast)
        {
            return false;
        }
    }

    private IEnumerable<string> FoldersOf(IncarnationId incarnation) =>
        Split.Prepend("").Select(controller => Path.Combine(Root, controller, Parent, incarnation.ToString())).Where(Directory.Exists);

    private string MakeUnified(IncarnationId incarnation, SandboxSpec spec)
    {
        var parent = Directory.CreateDirectory(Path.Combine(Root, Parent)).FullName;
        Write(Path.Combine(Root, "cgroup.subtree_control"), Controllers);
        Write(Path.Combine(parent, "cgroup.subtree_control"), Controllers);
        var group = Directory.CreateDirectory(Path.Combine(parent, incarnation.ToString())).FullName;
        Write(Path.Combine(group, "memory.max"), Text(spec.MemoryBytes));
        WriteIfThere(Path.Combine(group, "memory.swap.max"), "0");
        Write(Path.Combine(group, "pids.max"), Text(spec.PidsLimit));
        Write(Path.Combine(group, "cpu.max"), $"{Text(QuotaOf(spec))} {Text(PeriodMicroseconds)}");
        return group;
    }

    private List<string> MakeSplit(IncarnationId incarnation, SandboxSpec spec)
    {
        var groups = Split.Select(controller => Directory.Exists(Path.Combine(Root, controller))
            ? Directory.CreateDirectory(Path.Combine(Root, controller, Parent, incarnation.ToString())).FullName
            : throw new DirectoryNotFoundException($"there is no control group of the kernel for {controller}")).ToList();
        var (memory, pids, cpu) = (groups[0], groups[1], groups[2]);
        Write(Path.Combine(memory, "memory.limit_in_bytes"), Text(spec.MemoryBytes));
        WriteIfThere(Path.Combine(memory, "memory.memsw.limit_in_bytes"), Text(spec.MemoryBytes));
        Write(Path.Combine(pids, "pids.max"), Text(spec.PidsLimit));
        Write(Path.Combine(cpu, "cpu.cfs_period_us"), Text(PeriodMicroseconds));
        Write(Path.Combine(cpu, "cpu.cfs_quota_us"), Text(QuotaOf(spec)));
        return groups;
    }

    private static long QuotaOf(SandboxSpec spec) =>
        Math.Max(LeastQuotaMicroseconds, (long)Math.Round((spec.LimitCpus ?? spec.Cpus) * PeriodMicroseconds));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A kernel that does not count swap has no such file.</summary>
    private static void WriteIfThere(string file, string value)
    {
        if (File.Exists(file))
        {
            Write(file, value);
        }
    }

    private static void Write(string file, string value) => File.WriteAllText(file, value);
}

/// <param name="Folders">The groups that the first process of the sandbox joins; empty: none could be made.</param>
/// <param name="WhyMissing">In words.</param>
internal sealed record ControlGroupLimits(IReadOnlyList<string> Folders, string? WhyMissing);
