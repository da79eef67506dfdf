namespace Sandbox.Node.Maintenance;

/// <summary>Which folders may be named to have their old files removed. A name is taken as it stands or refused; none is
/// corrected.</summary>
internal static class CleanedFolder
{
    private const int LongestPath = 1024;

    /// <summary>Nothing in these, nor what has them in it, is anybody's to clean by age.</summary>
    private static readonly string[] Protected =
    [
        "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/run", "/sbin", "/snap", "/sys", "/usr",
        "/var/lib/containerd", "/var/lib/docker", "/var/lib/dpkg", "/var/lib/kubelet", "/var/lib/postgresql", "/var/run",
    ];

    /// <summary>Why not, to be put behind the name; null: by its name it may.</summary>
    /// <param name="own">Folders of this program.</param>
    public static string? WhyRefused(string folder, params IEnumerable<string> own)
    {
        if (folder.Length is 0 or > LongestPath || folder[0] != '/')
        {
            return $"is no full path of at most {LongestPath} characters";
        }

        var parts = folder[1..].Split('/');
        return folder.Any(c => char.IsControl(c) || c is '\\') ? "has control characters, or a backslash"
            : parts.Any(part => part is "" or "." or "..") ? "has an empty part, '.' or '..'"
            : parts.Length < 2 ? "is a folder of the whole machine"
            : Protected.Concat(own).FirstOrDefault(kept => IsWithin(folder, kept) || IsWithin(kept, folder)) is { } near
                ? $"is within {near}, or has it in it"
                : null;
    }

    /// <summary>Why it is not what its name says; null: it is a folder, and no part of its path is a symbolic link.</summary>
    public static string? WhyNotFound(string folder)
    {
        for (var path = folder; path.Length > 1; path = Path.GetDirectoryName(path)!)
        {
            var info = new DirectoryInfo(path);
            if (!info.Exists)
            {
                return $"there is no folder {path}";
            }

            if (info.LinkTarget is not null)
            {
                return $"{path} is a symbolic link";
            }
        }

        return null;
    }

    private static bool IsWithin(string path, string folder) =>
        path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
}
