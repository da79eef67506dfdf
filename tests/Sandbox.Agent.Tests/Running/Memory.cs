using System.Globalization;

namespace Sandbox.Agent.Tests.Running;

/// <summary>What /proc says of a process.</summary>
internal static class Memory
{
    /// <summary>Anonymous and private.</summary>
    internal static long AnonymousBytes(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/smaps_rollup").First(text => text.StartsWith("Anonymous:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>The most that the process had in memory at one time, its own file's pages included.</summary>
    /// <param name="reset">Counts from now on.</param>
    internal static long PeakBytes(int pid, bool reset = false)
    {
        if (reset)
        {
            File.WriteAllText($"/proc/{pid}/clear_refs", "5");
        }

        var line = File.ReadLines($"/proc/{pid}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>Ends when the process and its descendants have written nothing for a while: what they wrote is taken nowhere.</summary>
    internal static async Task StandstillAsync(int session)
    {
        var (last, same) = (-1L, 0);
        await Wait.UntilAsync(
            () =>
            {
                var now = WrittenBy(session);
                (last, same) = (now, now == last && now > 0 ? same + 1 : 0);
                return same >= 25;
            },
            $"the processes of session {session} never came to a standstill");
    }

    /// <summary>Whether a process of this session is left that is no zombie.</summary>
    internal static bool SessionLives(int session) => Pids().Any(pid =>
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[3] == $"{session}" && fields[0] != "Z";
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    });

    private static long WrittenBy(int session) => Pids().Sum(pid => Written(pid, session));

    private static IEnumerable<string> Pids() => Directory.EnumerateDirectories("/proc")
        .Select(folder => Path.GetFileName(folder))
        .Where(name => int.TryParse(name, out _));

    private static long Written(string pid, int session)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3] == $"{session}"
                ? long.Parse(
                    File.ReadLines($"/proc/{pid}/io").First(line => line.StartsWith("wchar:", StringComparison.Ordinal))[7..],
                    CultureInfo.InvariantCulture) + 1
                : 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return 0;
        }
    }
}
