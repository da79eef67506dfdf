using System.Diagnostics;
using System.Runtime.CompilerServices;
using Sandbox.Testing.Clusters;
using Xunit;

namespace Sandbox.Testing.Telemetry;

/// <summary>The programs of Prometheus, where the machine has them.</summary>
public static class PrometheusTools
{
    private static readonly string[] Folders = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

    /// <summary>Null when they are there.</summary>
    public static string? WhyMissing { get; } =
        new[] { "prometheus", "promtool" }.FirstOrDefault(program => Find(program) is null) is { } missing
            ? $"needs Prometheus: no {missing} is installed"
            : null;

    /// <summary>Runs promtool to its end; its exit code, and all that it said.</summary>
    public static async Task<(int Code, string Said)> CheckAsync(string? input, params IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Find("promtool")!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(ClusterProcess.Generous);
        return (process.ExitCode, await output + await error);
    }

    internal static string? Find(string program) =>
        Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

/// <summary>The one marker for a test that needs the programs of Prometheus: skipped, visibly and with the reason, without them.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsPrometheusFactAttribute : FactAttribute
{
    public NeedsPrometheusFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = PrometheusTools.WhyMissing;
}

/// <summary>The same for one that needs Docker, too.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsDockerAndPrometheusFactAttribute : FactAttribute
{
    public NeedsDockerAndPrometheusFactAttribute([CallerFilePath] string? file = null, [CallerLineNumber] int line = -1)
        : base(file, line) => Skip = DockerEngine.WhyMissing ?? PrometheusTools.WhyMissing;
}
