using Sandbox.Contracts.Wire;

namespace Sandbox.Agent.Files;

/// <summary>
/// Turns a path from outside into an absolute one without <c>.</c>, <c>..</c> and doubled slashes, which names what the kernel finds
/// under the path as it came: behind a link, <c>..</c> is the parent of its target. The whole file system of the sandbox may be
/// named; what cannot be a path is refused.
/// </summary>
internal static class SandboxPath
{
    /// <summary>Bytes the kernel takes in one path, the closing NUL included.</summary>
    private const int MaxBytes = 4096;

    /// <param name="home">What <c>~</c> and relative paths start from.</param>
    public static string Resolve(string path, string home)
    {
        if (path.Contains('\0', StringComparison.Ordinal))
        {
            throw new FileFailure(FileFailureKind.InvalidPath, "a path must not contain a NUL character");
        }

        if (FileNameText.Encode(path).Length >= MaxBytes)
        {
            throw new FileFailure(FileFailureKind.InvalidPath, $"a path must be shorter than {MaxBytes} bytes");
        }

        var absolute = path switch
        {
            "" or "~" => home,
            _ when path.StartsWith("~/", StringComparison.Ordinal) => $"{home}/{path[2..]}",
            _ when path[0] == '/' => path,
            _ => $"{home}/{path}",
        };
        return Normalize(absolute);
    }

    /// <summary>The containing folder; null for the root.</summary>
    public static string? Parent(string path)
    {
        var slash = path.LastIndexOf('/');
        return path == "/" ? null : slash == 0 ? "/" : path[..slash];
    }

    public static string Name(string path) => path == "/" ? "/" : path[(path.LastIndexOf('/') + 1)..];

    public static string Join(string folder, string name) => folder == "/" ? $"/{name}" : $"{folder}/{name}";

    private static string Normalize(string absolute)
    {
        var kept = new List<string>();
        foreach (var part in absolute.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == "..")
            {
                kept = Parents(kept);
            }
            else if (part != ".")
            {
                kept.Add(part);
            }
        }

        return "/" + string.Join('/', kept);
    }

    private static List<string> Parents(List<string> parts)
    {
        var path = "/" + string.Join('/', parts);
        if (FileStatus.Find(path, follow: false) is { IsLink: true } && OpenedFile.RealPath(path) is { } real)
        {
            parts = [.. real.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        }

        return parts.Count == 0 ? parts : parts[..^1];
    }
}
