using System.ComponentModel;
using System.Diagnostics;

namespace Sandbox.Cli.Clusters;

/// <summary>Programs of this machine that speak to the person who started the command.</summary>
internal static class ShownPrograms
{
    /// <summary>Runs one that speaks to the person itself; its exit code.</summary>
    /// <param name="onlyLooks">It changes nothing, and is ended with all that it started when nobody looks any more. Any other is left to
    /// end by itself, as it does after a terminal's Ctrl-C, which reaches it, too.</param>
    public static async Task<int> ShowAsync(
        string program, IReadOnlyList<string> arguments, bool onlyLooks, CancellationToken cancellationToken)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments))!;
            try
            {
                await process.WaitForExitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                if (onlyLooks)
                {
                    process.Kill(entireProcessTree: true);
                }

                await process.WaitForExitAsync(CancellationToken.None);
                throw;
            }

            return process.ExitCode;
        }
        catch (Win32Exception exception)
        {
            throw new CliException($"{program} cannot be run: {exception.Message}");
        }
    }
}
