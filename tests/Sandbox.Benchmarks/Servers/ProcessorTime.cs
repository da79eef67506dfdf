using System.Globalization;

namespace Sandbox.Benchmarks.Servers;

/// <summary>What the kernel says about the processor time of processes, in user and kernel mode together. It depends far less on
/// what else the machine does than a rate.</summary>
internal static class ProcessorTime
{
    private const double TicksEachSecond = 100;

    // Counted from after the name, which may contain anything.
    private const int Parent = 1;
    private const int UserTime = 11;
    private const int TimesOfEndedChildren = 4;

    /// <summary>Of a process and its children, those that have ended included; seconds.</summary>
    public static double OfTree(int pid) =>
        Ticks(Stat(pid), TimesOfEndedChildren) / TicksEachSecond
        + Processes().Select(Stat).Where(stat => stat is not null && stat[Parent] == pid.ToString(CultureInfo.InvariantCulture))
            .Sum(stat => Ticks(stat, TimesOfEndedChildren) / TicksEachSecond);

    private static long Ticks(string[]? stat, int fields) =>
        stat?.Skip(UserTime).Take(fields).Sum(ticks => long.Parse(ticks, CultureInfo.InvariantCulture)) ?? 0;

    private static IEnumerable<int> Processes() =>
        Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    /// <summary>Null: it has ended.</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
