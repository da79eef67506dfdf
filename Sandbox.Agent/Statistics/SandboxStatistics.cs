using System.Globalization;
using Sandbox.Agent.Processes;
using Usage = Sandbox.Contracts.Rock.Statistics;

namespace Sandbox.Agent.Statistics;

/// <summary>What the sandbox uses of what it may, read from its control group; CPU since the last time it was asked for.</summary>
internal sealed class SandboxStatistics(SandboxEnvironment environment, TimeProvider time, string root = "/")
{
    private const string LogFolder = "data/logs";

    /// <summary>Where an engine that runs in a virtual machine has its disk.</summary>
    private const string EngineFolder = "var/lib/docker";

    private readonly Lock _gate = new();
    private (long Timestamp, double CpuSeconds)? _last;

    /// <summary>The first time CPU is 0.</summary>
    public Usage Take()
    {
        var group = ControlGroup.Find(root);
        var cpus = Positive(environment.Init?.Cpus) ?? group.CpuLimit ?? Environment.ProcessorCount;
        var memory = Positive(environment.Init?.MemoryBytes) ?? group.MemoryLimit ?? TotalMemory();
        return new(
            Percent(CpusSinceLast(group.CpuSeconds), cpus),
            Percent(group.MemoryUsed, memory),
            Used(root),
            Directory.Exists(root + LogFolder) ? Used(root + LogFolder) : 0,
            IsMounted(EngineFolder) ? Used(root + EngineFolder) : 0,
            NetworkBytes());
    }

    /// <summary>Without a disk of its own it is a part of the sandbox's, which is told already.</summary>
    private bool IsMounted(string folder) =>
        ControlGroup.Lines(root + "proc/self/mounts").Any(line => line.Split(' ') is [_, var at, ..] && at == "/" + folder);

    private static double? Positive(double? value) => value > 0 ? value : null;

    private static double Percent(double used, double limit) =>
        limit > 0 ? Math.Round(Math.Clamp(100 * used / limit, 0, 10_000), 2) : 0;

    private static double Used(string path)
    {
        try
        {
            var drive = new DriveInfo(path);
            var used = drive.TotalSize - drive.TotalFreeSpace;
            return Percent(used, used + drive.AvailableFreeSpace);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    /// <summary>CPUs in use on average since the last call.</summary>
    private double CpusSinceLast(double seconds)
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            var before = _last;
            _last = (now, seconds);
            var passed = before is null ? 0 : time.GetElapsedTime(before.Value.Timestamp, now).TotalSeconds;
            return passed <= 0 ? 0 : (seconds - before!.Value.CpuSeconds) / passed;
        }
    }

    private double TotalMemory() => ControlGroup.Number(ControlGroup.Word(root + "proc/meminfo", "MemTotal:")) * 1024 ?? 0;

    /// <summary>Received and sent on everything but the loopback, since the network was made.</summary>
    private long NetworkBytes()
    {
        long total = 0;
        foreach (var line in ControlGroup.Lines(root + "proc/net/dev").Skip(2))
        {
            var colon = line.IndexOf(':');
            var fields = colon < 0 ? [] : line[(colon + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 8 && line[..colon].Trim() != "lo")
            {
                total += long.Parse(fields[0], CultureInfo.InvariantCulture) + long.Parse(fields[8], CultureInfo.InvariantCulture);
            }
        }

        return total;
    }
}
