using System.Buffers;

namespace Sandbox.Api.Sandboxes;

/// <summary>The mount table of a process (<c>/proc/PID/mountinfo</c>), which is the word of code in a sandbox.</summary>
internal static class MountTable
{
    /// <summary>Mounts that are told; a sandbox may claim to have any number.</summary>
    private const int MostMounts = 200;

    /// <summary>A path of others is not quoted but left out: the answer is pasted into shells.</summary>
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/_.,@%+=~-");

    /// <summary>What each container has of its engine and its kernel.</summary>
    private static readonly string[] Everywhere = ["/", "/etc/resolv.conf", "/etc/hostname", "/etc/hosts", "/sbin/docker-init"];

    private static readonly string[] NoStorage =
        ["proc", "sysfs", "tmpfs", "devtmpfs", "devpts", "mqueue", "cgroup", "cgroup2", "overlay", "fuse.lxcfs", "securityfs"];

    /// <summary>The folders and files of the machine that are mounted there: <c>-v SOURCE:TARGET:ro</c>, with spaces between. A source is
    /// its path on its own file system.</summary>
    public static string ToArguments(string table) => string.Join(
        ' ', table.Split('\n').Select(Read).OfType<string>().Take(MostMounts));

    /// <summary>Of <c>ID PARENT DEVICE ROOT TARGET OPTIONS … - TYPE SOURCE …</c>.</summary>
    private static string? Read(string line)
    {
        var words = line.Split(' ');
        var dash = Array.IndexOf(words, "-");
        if (dash < 6 || dash + 1 >= words.Length || NoStorage.Contains(words[dash + 1]))
        {
            return null;
        }

        var (source, target) = (words[3], words[4]);
        return Everywhere.Contains(target) || !IsPlain(source) || !IsPlain(target)
            ? null
            : $"-v {source}:{target}{(words[5].Split(',').Contains("ro") ? ":ro" : "")}";
    }

    private static bool IsPlain(string path) => path.StartsWith('/') && !path.AsSpan().ContainsAnyExcept(Plain);
}
