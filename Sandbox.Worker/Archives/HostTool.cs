using System.Diagnostics;
using System.Text;

namespace Sandbox.Worker.Archives;

/// <summary>A program of this machine (find, tar), as a stream in and a stream out.</summary>
internal static class HostTool
{
    private const int LongestComplaint = 4096;

    /// <summary>Runs it to its end; throws <see cref="ArchiveException"/> with what it said when it fails, or is not there.</summary>
    /// <param name="input">Written to it; null: nothing.</param>
    /// <param name="output">Takes what it writes.</param>
    public static async Task RunAsync(
        string program, IEnumerable<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        using var process = Begin(start);
        try
        {
            var complaint = ComplaintAsync(process.StandardError, cancellationToken);
            var feeding = FeedAsync(process, input, cancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
            await feeding;
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new ArchiveException($"{program} ended with {process.ExitCode}: {await complaint}");
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static System.Diagnostics.Process Begin(ProcessStartInfo start)
    {
        try
        {
            return System.Diagnostics.Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new ArchiveException($"{start.FileName} cannot be run: {exception.Message}");
        }
    }

    private static async Task FeedAsync(System.Diagnostics.Process process, Stream? input, CancellationToken cancellationToken)
    {
        try
        {
            if (input is not null)
            {
                await input.CopyToAsync(process.StandardInput.BaseStream, cancellationToken);
            }

            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all; its exit code tells.
        }
    }

    /// <summary>All is read, so that it never waits for us; the beginning is kept.</summary>
    private static async Task<string> ComplaintAsync(StreamReader errors, CancellationToken cancellationToken)
    {
        var kept = new StringBuilder();
        var buffer = new char[1024];
        while (await errors.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            kept.Append(buffer, 0, Math.Min(read, LongestComplaint - kept.Length));
        }

        return kept.ToString().Trim();
    }
}
