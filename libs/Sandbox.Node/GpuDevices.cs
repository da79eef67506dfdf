using System.Globalization;

namespace Sandbox.Node;

/// <summary>The GPUs of this machine, as far as they are seen here.</summary>
internal static class GpuDevices
{
    private const string Prefix = "nvidia";

    /// <summary>The names by which the engine's GPU runtime knows them: those of the settings, else the numbers of the device
    /// files.</summary>
    public static IReadOnlyList<string> Of(WorkerOptions worker) => worker.Gpus.Count > 0
        ? worker.Gpus
        : [.. Directory.EnumerateFiles("/dev", $"{Prefix}*")
            .Select(file => Path.GetFileName(file)[Prefix.Length..])
            .Where(number => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Order(StringComparer.Ordinal)];
}
