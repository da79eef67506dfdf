using System.Globalization;

namespace Sandbox.Agent.Native;

/// <summary>The processes the agent can see, by /proc.</summary>
internal static class ProcessTree
{
    private const int MostRounds = 20;

    /// <summary>Kills every process whose session is led by <paramref name="session"/>.</summary>
    internal static void KillSession(int session)
    {
        foreach (var entry in Read())
        {
            if (entry.Session == session && entry.Pid != Libc.GetPid())
            {
                _ = Libc.Kill(entry.Pid, Signals.Kill);
            }
        }
    }

    /// <summary>Kills every descendant of the agent. As a sub-reaper it is the ancestor of all that was ever started from it.</summary>
    internal static void KillDescendants()
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var descendants = Descendants(Libc.GetPid());
            if (descendants.Count == 0)
            {
                return;
            }

            foreach (var pid in descendants)
            {
                _ = Libc.Kill(pid, Signals.Kill);
            }
        }
    }

    private static List<int> Descendants(int root)
    {
        var children = Read().Where(entry => entry.State is not ('Z' or 'X')).ToLookup(entry => entry.Parent, entry => entry.Pid);
        var found = new List<int>();
        var open = new Queue<int>([root]);
        while (open.TryDequeue(out var parent))
        {
            foreach (var child in children[parent])
            {
                found.Add(child);
                open.Enqueue(child);
            }
        }

        return found;
    }

    private static IEnumerable<Entry> Read()
    {
        if (!Directory.Exists("/proc/self"))
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && TryRead(pid, out var entry))
            {
                yield return entry;
            }
        }
    }

    private static bool TryRead(int pid, out Entry entry)
    {
        entry = default;
        try
        {
            // "pid (name) state parent group session …"; the name may hold anything, also parentheses.
            var line = File.ReadAllText($"/proc/{pid}/stat");
            var end = line.LastIndexOf(')');
            if (end < 0)
            {
                // It went away while it was read.
                return false;
            }

            var fields = line[(end + 2)..].Split(' ');
            entry = new Entry(
                pid, fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), int.Parse(fields[3], CultureInfo.InvariantCulture));
            return true;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private readonly record struct Entry(int Pid, char State, int Parent, int Session);
}
