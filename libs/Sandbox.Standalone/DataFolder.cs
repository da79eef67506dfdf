using System.Text;
using Sandbox.Contracts.Files;

namespace Sandbox.Standalone;

/// <summary>
/// The folder of one standalone server. The process that holds its lock is the one owner; the system gives the lock back when the
/// owner ends, however it ends.
/// </summary>
public sealed class DataFolder : IDisposable
{
    /// <summary>A socket's path has at most 107 bytes, and the longest one in here is <c>/run/</c>, 32 digits and <c>/s</c>.</summary>
    public const int MaxPathBytes = 107 - 39;

    private const string ClusterIdFile = "cluster-id";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held, string clusterId) => (Path, _lock, ClusterId) = (path, held, clusterId);

    public string Path { get; }

    /// <summary>Made once per folder; it is on everything that the folder's server makes.</summary>
    public string ClusterId { get; }

    public string Socket => SocketOf(Path);

    /// <summary>Where the owner of a folder listens.</summary>
    public static string SocketOf(string folder) => System.IO.Path.Combine(System.IO.Path.GetFullPath(folder), "api.sock");

    /// <summary>Where the owner of a folder that listens on a port leaves its address and its key, for the folder's owner.</summary>
    public static string ServerFileOf(string folder) => System.IO.Path.Combine(System.IO.Path.GetFullPath(folder), "server.json");

    /// <summary>Takes the folder, or says that another process has it, or why it cannot be used.</summary>
    public static FolderClaim Claim(string folder)
    {
        var path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(folder));
        var length = Encoding.UTF8.GetByteCount(path);
        if (length > MaxPathBytes)
        {
            return new FolderClaim.Unusable(
                $"the data folder's path has {length} bytes; sockets lie in it, so at most {MaxPathBytes} are possible: {path}");
        }

        try
        {
            OwnerOnlyFile.EnsureFolder(path);
            if (WhyTooOpen(path) is { } reason)
            {
                return new FolderClaim.Unusable(reason);
            }

            return TryLock(path) is { } held
                ? new FolderClaim.Owned(new DataFolder(path, held, EnsureClusterId(path))) : new FolderClaim.InUse();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FolderClaim.Unusable($"the data folder cannot be used: {exception.Message}");
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>A folder of ours, or an empty one, is closed to others; what already holds something else is not touched.</summary>
    private static string? WhyTooOpen(string path)
    {
        if ((File.GetUnixFileMode(path) & ~OwnerOnlyFile.FolderMode) == 0)
        {
            return null;
        }

        if (Directory.EnumerateFileSystemEntries(path).Any() && !File.Exists(System.IO.Path.Combine(path, ClusterIdFile)))
        {
            return $"the data folder {path} is open to other users and holds something else; choose another, or chmod 700 it";
        }

        File.SetUnixFileMode(path, OwnerOnlyFile.FolderMode);
        return null;
    }

    private static FileStream? TryLock(string path)
    {
        var file = System.IO.Path.Combine(path, "lock");
        try
        {
            return OwnerOnlyFile.Lock(file);
        }
        catch (IOException exception) when (exception.GetType() == typeof(IOException) && File.Exists(file))
        {
            return null;
        }
    }

    private static string EnsureClusterId(string path)
    {
        var file = System.IO.Path.Combine(path, ClusterIdFile);
        if (File.Exists(file) && File.ReadAllText(file).Trim() is { Length: > 0 } known)
        {
            return known;
        }

        var id = Guid.NewGuid().ToString("N");
        var fresh = file + ".new";
        File.WriteAllText(fresh, id + "\n");
        File.Move(fresh, file, overwrite: true);
        return id;
    }
}

public abstract record FolderClaim
{
    private FolderClaim()
    {
    }

    public sealed record Owned(DataFolder Folder) : FolderClaim;

    public sealed record InUse : FolderClaim;

    public sealed record Unusable(string Reason) : FolderClaim;
}
