using System.ComponentModel;
using System.Diagnostics;

namespace Sandbox.ClusterFile.Hosts;

/// <summary>Programs of this machine.</summary>
public static class HostPrograms
{
    /// <summary>Runs one to its end; null: there is none of that name.</summary>
    public static async Task<(int ExitCode, string Output)?> RunAsync(
        string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output + await error);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
