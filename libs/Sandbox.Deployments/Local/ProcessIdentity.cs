using System.Globalization;
using System.Text.Json.Serialization;

namespace Sandbox.Deployments.Local;

/// <summary>A process of this machine that cannot be confused with a later one of the same number.</summary>
/// <param name="StartTicks">When it began, in clock ticks since the machine's start (field 22 of <c>/proc/PID/stat</c>).</param>
internal sealed record ProcessIdentity(int Pid, long StartTicks)
{
    private const int State = 0;
    private const int Parent = 1;
    private const int Started = 19;

    [JsonIgnore]
    public bool IsAlive => Stat(Pid) is { } stat && stat[State] is not ("Z" or "X") && Ticks(stat) == StartTicks;

    public static ProcessIdentity? Of(int pid) => Stat(pid) is { } stat ? new ProcessIdentity(pid, Ticks(stat)) : null;

    public static ProcessIdentity? Parse(string text) =>
        text.Split(' ', StringSplitOptions.TrimEntries) is [var pid, var ticks]
        && int.TryParse(pid, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(ticks, CultureInfo.InvariantCulture, out var started)
            ? new ProcessIdentity(number, started)
            : null;

    /// <summary>SIGKILL, if it is still this process.</summary>
    public void Kill()
    {
        if (!IsAlive)
        {
            return;
        }

        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(Pid);
            process.Kill();
        }
        catch (Exception exception)
            when (exception is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It ended in between.
        }
    }

    /// <summary>It and everything below it, as far as there is anything now.</summary>
    public IReadOnlyList<ProcessIdentity> WithDescendants()
    {
        var children = ProcFs.Pids()
            .Select(pid => (pid, Stat: Stat(pid)))
            .Where(entry => entry.Stat is not null)
            .ToLookup(
                entry => int.Parse(entry.Stat![Parent], CultureInfo.InvariantCulture), entry =>
                    new ProcessIdentity(entry.pid, Ticks(entry.Stat!)));
        var found = new List<ProcessIdentity> { this };
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i].Pid]);
        }

        return found;
    }

    private static long Ticks(string[] stat) => long.Parse(stat[Started], CultureInfo.InvariantCulture);

    /// <summary>The fields after the name, which may itself hold anything, closing brackets included.</summary>
    private static string[]? Stat(int pid) =>
        ProcFs.Read($"/proc/{pid}/stat") is { } line && line.LastIndexOf(')') is > 0 and var end ? line[(end + 2)..].Split(' ') : null;
}
