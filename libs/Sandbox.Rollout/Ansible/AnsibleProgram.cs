using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Sandbox.Rollout.Ansible;

/// <summary>Runs a program of Ansible to its end.</summary>
internal static class AnsibleProgram
{
    /// <summary>Its standard output, at most as much as a plan of some hundred machines needs.</summary>
    private const int LongestOutput = 64 << 20;

    /// <exception cref="AnsibleException">It is not installed, or printed too much.</exception>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        AnsibleSettings settings, string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(settings.ProgramOf(program), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in settings.Environment)
        {
            start.Environment[name] = value;
        }

        using var process = Start(start);
        process.StandardInput.Close();
        try
        {
            var output = ReadAsync(process.StandardOutput, cancellationToken);
            var errors = ReadAsync(process.StandardError, cancellationToken);
            await Task.WhenAll(output, errors);
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <exception cref="AnsibleException">It is not installed.</exception>
    internal static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new AnsibleException($"{start.FileName} did not start.");
        }
        catch (Win32Exception)
        {
            throw new AnsibleException($"{start.FileName} is not installed. On Debian and Ubuntu: apt-get install ansible");
        }
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new char[16 << 10];
        int read;
        while ((read = await reader.ReadAsync(buffer, cancellationToken)) > 0)
        {
            if (text.Length + read > LongestOutput)
            {
                throw new AnsibleException($"Ansible printed more than {LongestOutput >> 20} MiB.");
            }

            text.Append(buffer, 0, read);
        }

        return text.ToString();
    }
}
