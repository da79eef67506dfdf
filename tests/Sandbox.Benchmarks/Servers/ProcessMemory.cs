using System.Globalization;

namespace Sandbox.Benchmarks.Servers;

/// <summary>What the kernel says about a process's memory, MiB.</summary>
internal static class ProcessMemory
{
    /// <summary>Its fair share of everything it has mapped.</summary>
    public static double ProportionalSetSize(int pid) => Field(pid, "Pss:");

    /// <summary>Private memory behind no file.</summary>
    public static double Anonymous(int pid) => Field(pid, "Anonymous:");

    private static double Field(int pid, string name)
    {
        var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
