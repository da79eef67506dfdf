namespace Sandbox.Cli.Output;

/// <summary>CPUs in use between two looks at sums of CPU time.</summary>
internal sealed class CpuUsageMeter
{
    private readonly Dictionary<string, (long AtMs, double CpuSeconds, double? Cpus)> _last = new(StringComparer.Ordinal);

    /// <summary>Null at the first look, and after a new beginning of the sum. The same moment again tells the same.</summary>
    public double? CpusOf(string name, long atMs, double cpuSeconds)
    {
        if (_last.TryGetValue(name, out var last) && last.AtMs == atMs)
        {
            return last.Cpus;
        }

        var isOnward = last.AtMs > 0 && atMs > last.AtMs && cpuSeconds >= last.CpuSeconds;
        double? cpus = isOnward ? (cpuSeconds - last.CpuSeconds) * 1000 / (atMs - last.AtMs) : null;
        _last[name] = (atMs, cpuSeconds, cpus);
        return cpus;
    }
}
