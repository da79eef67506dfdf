using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Sandbox.Rollout.Runs;

/// <summary>The processes of a run: all that have its id in their environment, whatever session or process group they moved to.</summary>
internal static class RunProcesses
{
    /// <summary>The environment variable that has the run's id.</summary>
    public const string Variable = "SANDBOX_EXECUTION";

    // One that the kernel does not let go ends some day by itself.
    private const int KillRounds = 3;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Ends them: they are told, and after the patience killed, the shell around them last, so that it notes their end.</summary>
    /// <param name="group">The number of the run's process group, which is also that of the shell.</param>
    public static async Task EndAsync(Guid execution, int group, TimeSpan patience, CancellationToken cancellationToken)
    {
        await SignalAsync("TERM", [-group, .. Find(execution)], cancellationToken);
        if (await AreGoneAsync(execution, patience, cancellationToken))
        {
            return;
        }

        await SignalAsync("KILL", [.. Find(execution).Where(process => process != group)], cancellationToken);
        for (var round = 0; round < KillRounds && !await AreGoneAsync(execution, patience, cancellationToken); round++)
        {
            await SignalAsync("KILL", [.. Find(execution)], cancellationToken);
        }
    }

    /// <summary>Those that live. Those of other users, whose environment nobody else may read, are not among them.</summary>
    internal static IReadOnlyList<int> Find(Guid execution)
    {
        var wanted = Encoding.ASCII.GetBytes($"{Variable}={execution:D}\0");
        return
        [
            .. Directory.EnumerateDirectories("/proc")
                .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
                .Where(id => id > 0 && EnvironmentOf(id).IndexOf(wanted) >= 0),
        ];
    }

    private static ReadOnlySpan<byte> EnvironmentOf(int process)
    {
        try
        {
            return File.ReadAllBytes($"/proc/{process}/environ");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or is another user's.
            return [];
        }
    }

    private static async Task<bool> AreGoneAsync(Guid execution, TimeSpan patience, CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (Find(execution).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(begun) >= patience)
            {
                return false;
            }

            await Task.Delay(LookEvery, TimeProvider.System, cancellationToken);
        }

        return true;
    }

    private static async Task SignalAsync(string signal, IReadOnlyList<int> processes, CancellationToken cancellationToken)
    {
        if (processes.Count == 0)
        {
            return;
        }

        // The shell's own kill: it is there where no package brings one. One that has ended meanwhile is no mistake.
        var start = new ProcessStartInfo(
            "sh",
            [
                "-c", $"for process; do kill -{signal} \"$process\"; done", "sh",
                .. processes.Select(process => process.ToString(CultureInfo.InvariantCulture)),
            ])
        {
            RedirectStandardError = true,
        };
        using var kill = Process.Start(start)!;
        await kill.StandardError.ReadToEndAsync(cancellationToken);
        await kill.WaitForExitAsync(cancellationToken);
    }
}
