using System.Globalization;

namespace Sandbox.Benchmarks.Servers;

/// <summary>What the kernel says about a process's memory, MiB.</summary>
internal static class ProcessMemory
{
    /// <summary>Its fair share of everything it has mapped.</summary>
    public static double ProportionalSetSize(int pid) => Field(pid, "Pss:");

    /// <summary>Private memory behind no file.</summary>
    public static double Anonymous(int pid) => Field(pid, "Anonymous:");

    /// <summary>What it has in memory now.</summary>
    public static double Resident(int pid) => Field(pid, "VmRSS:", "status");

    /// <summary>The most that it ever had there.</summary>
    public static double PeakResident(int pid) => Field(pid, "VmHWM:", "status");

    private static double Field(int pid, string name, string file = "smaps_rollup")
    {
        var line = File.ReadLines($"/proc/{pid}/{file}").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }
}
