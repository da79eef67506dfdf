using System.Globalization;

namespace Sandbox.Node.Usage;

/// <summary>What this machine uses, as its kernel tells.</summary>
/// <param name="CpuSeconds">Since it was started, of all CPUs.</param>
/// <param name="MemoryBytes">Without what can be given back at once.</param>
internal sealed record MachineUsage(double CpuSeconds, long MemoryBytes, long MemoryTotalBytes)
{
    /// <summary>Of <c>/proc/stat</c>, whatever the kernel itself counts in.</summary>
    private const double TicksPerSecond = 100;
    private const int Idle = 3, IoWait = 4, Steal = 7;

    /// <param name="proc">Where the kernel tells.</param>
    public static MachineUsage Read(string proc = "/proc")
    {
        var memory = File.ReadLines(Path.Combine(proc, "meminfo"))
            .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Length > 1).ToDictionary(words => words[0], words => words[1]);
        var total = Kilobytes(memory, "MemTotal:");
        var ticks = File.ReadLines(Path.Combine(proc, "stat")).First().Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1).Select(word => double.Parse(word, CultureInfo.InvariantCulture)).ToList();

        // What guests used is in the first two already.
        var busy = ticks.Take(Steal + 1).Where((_, column) => column is not (Idle or IoWait)).Sum();
        return new MachineUsage(busy / TicksPerSecond, total - Kilobytes(memory, "MemAvailable:"), total);
    }

    private static long Kilobytes(Dictionary<string, string> memory, string name) =>
        memory.TryGetValue(name, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) * 1024 : 0;
}
