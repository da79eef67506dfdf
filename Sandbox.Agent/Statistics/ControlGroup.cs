using System.Globalization;

namespace Sandbox.Agent.Statistics;

/// <summary>Use and limits of the control group the sandbox is in, of either version. Limits are null where there is none.</summary>
/// <param name="MemoryUsed">Bytes without the file cache that can be dropped.</param>
internal sealed record ControlGroup(double CpuSeconds, double? CpuLimit, double MemoryUsed, double? MemoryLimit)
{
    /// <summary>What version 1 writes for no limit is near the largest number there is.</summary>
    private const double NoLimit = 1L << 60;

    public static ControlGroup Find(string root) =>
        File.Exists(root + "sys/fs/cgroup/cgroup.controllers") ? Version2(root + "sys/fs/cgroup/") : Version1(root + "sys/fs/cgroup/");

    /// <summary>The word behind a key in a file of lines; null when there is no such file or key.</summary>
    public static string? Word(string file, string key) =>
        Lines(file).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(words => words.Length > 1 && words[0] == key)?[1];

    public static double? Number(string? text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static string[] Lines(string file)
    {
        try
        {
            return File.ReadAllLines(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static ControlGroup Version2(string folder)
    {
        var cpu = (Lines(folder + "cpu.max").FirstOrDefault() ?? "").Split(' ');
        return new(
            (Number(Word(folder + "cpu.stat", "usage_usec")) ?? 0) / 1e6,
            cpu.Length == 2 ? Number(cpu[0]) / Number(cpu[1]) : null,
            Math.Max(0, (Whole(folder + "memory.current") ?? 0) - (Number(Word(folder + "memory.stat", "inactive_file")) ?? 0)),
            Whole(folder + "memory.max"));
    }

    private static ControlGroup Version1(string folder)
    {
        var quota = Whole(folder + "cpu/cpu.cfs_quota_us");
        var limit = Whole(folder + "memory/memory.limit_in_bytes");
        var cache = Number(Word(folder + "memory/memory.stat", "total_inactive_file")) ?? 0;
        return new(
            (Whole(folder + "cpuacct/cpuacct.usage") ?? 0) / 1e9,
            quota > 0 ? quota / Whole(folder + "cpu/cpu.cfs_period_us") : null,
            Math.Max(0, (Whole(folder + "memory/memory.usage_in_bytes") ?? 0) - cache),
            limit < NoLimit ? limit : null);
    }

    private static double? Whole(string file) => Number(Lines(file).FirstOrDefault());
}
