using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Sandbox.Deployments.Tools;

internal sealed class HostTools : IHostTools
{
    private const int LongestComplaint = 4096;

    public async Task<ToolOutcome> RunAsync(
        string program, IReadOnlyList<string> arguments, Stream? input, Stream output, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            program, arguments)
        { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        System.Diagnostics.Process process;
        try
        {
            process = System.Diagnostics.Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            return new ToolOutcome(program, ExitCode: null, exception.Message);
        }

        using (process)
        {
            return await CompleteAsync(process, input, output, cancellationToken);
        }
    }

    private static async Task<ToolOutcome> CompleteAsync(
        System.Diagnostics.Process process, Stream? input, Stream output, CancellationToken cancellationToken)
    {
        try
        {
            var complaint = ComplaintAsync(process.StandardError, cancellationToken);
            var feeding = FeedAsync(process, input, cancellationToken);
            await process.StandardOutput.BaseStream.CopyToAsync(output, cancellationToken);
            await feeding;
            await process.WaitForExitAsync(cancellationToken);
            return new ToolOutcome(process.StartInfo.FileName, process.ExitCode, await complaint);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
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
