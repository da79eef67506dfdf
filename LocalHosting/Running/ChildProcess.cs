using System.Diagnostics;
using System.Globalization;

namespace Aspire.Hosting.Running;

/// <summary>One process of the stack. It leads a session of its own, so that a Ctrl-C at the terminal reaches the AppHost only,
/// which then ends it in its turn.</summary>
internal sealed class ChildProcess
{
    // Of the AppHost's own start, and nothing to the programs that it starts.
    private static readonly string[] NotForOthers = ["ASPNETCORE_", "ASPIRE_", "DOTNET_LAUNCH_PROFILE", "DOTNET_DASHBOARD_", "LocalHosting__", "Parameters__", "MSBUILD"];

    private readonly Process _process;
    private readonly Launch _launch;

    private ChildProcess(Process process, Launch launch) => (_process, _launch) = (process, launch);

    public int Id => _process.Id;

    /// <summary>The exit code, once it has ended and all that it printed was read.</summary>
    public required Task<int> Ended { get; init; }

    public static ChildProcess Start(Launch launch, Action<string> printed, ProcessGuard guard)
    {
        string[] command = launch.Account is { } account
            ? ["setpriv", $"--reuid={account}", $"--regid={account}", "--clear-groups", launch.Program]
            : [launch.Program];
        var start = new ProcessStartInfo("setsid", [.. command, .. launch.Arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = launch.WorkingDirectory,
        };
        foreach (var name in start.Environment.Keys.Where(name => NotForOthers.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        guard.Watch(process.Id);
        process.StandardInput.Write(launch.Input);
        process.StandardInput.Close();
        return new ChildProcess(process, launch) { Ended = EndAsync(process, printed, guard) };
    }

    /// <summary>Asks it to end, and ends it when it does not.</summary>
    public async Task StopAsync(TimeSpan patience, TimeProvider time)
    {
        Signal(_launch.EndSignal);
        try
        {
            await Ended.WaitAsync(patience, time);
        }
        catch (TimeoutException)
        {
            Signal("KILL");
            await Ended;
        }
    }

    private static async Task<int> EndAsync(Process process, Action<string> printed, ProcessGuard guard)
    {
        await Task.WhenAll(ReadAsync(process.StandardOutput, printed), ReadAsync(process.StandardError, printed));
        await process.WaitForExitAsync();
        guard.Forget(process.Id);
        return process.ExitCode;
    }

    private static async Task ReadAsync(StreamReader output, Action<string> printed)
    {
        while (await output.ReadLineAsync() is { } line)
        {
            printed(line);
        }
    }

    // Its whole group: what it started ends with it.
    private void Signal(string signal)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{signal}", "--", (-Id).ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true });
        kill?.WaitForExit();
    }
}
