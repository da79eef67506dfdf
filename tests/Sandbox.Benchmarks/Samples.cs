using System.Diagnostics;
using System.Globalization;

namespace Sandbox.Benchmarks;

/// <summary>Durations in milliseconds.</summary>
internal sealed class Samples
{
    private readonly List<double> _values;

    public Samples(IEnumerable<double>? values = null) => _values = [.. values ?? []];

    public IReadOnlyList<double> Values => _values;

    public double Median => Percentile(50);

    public async Task TimeAsync(Func<Task> work)
    {
        var begin = Stopwatch.GetTimestamp();
        await work();
        _values.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
    }

    public double Percentile(double percent)
    {
        var sorted = _values.Order().ToList();
        return sorted[(int)Math.Clamp(Math.Ceiling(percent / 100 * sorted.Count) - 1, 0, sorted.Count - 1)];
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"p50 {Median:0.00} ms, p99 {Percentile(99):0.00} ms, n {_values.Count}");
}
