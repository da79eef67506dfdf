using System.Diagnostics;

namespace Sandbox.EndToEnd.Tests;

internal static class Shell
{
    /// <summary>Runs a program of this machine to its end; standard output.</summary>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(RockServer.Generous);
        Assert.True(process.ExitCode == 0, $"`{program} {string.Join(' ', arguments)}` ended with {process.ExitCode}: {await error}");
        return await output;
    }
}
