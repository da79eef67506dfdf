using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sandbox.Contracts.Files;

/// <summary>Files and folders that hold secrets: made with a mode that lets nobody but their owner in, and never opened up by the
/// process's umask in between. On Windows the rights of the folder decide who reads them.</summary>
public static class OwnerOnlyFile
{
    /// <summary>0600.</summary>
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>0700.</summary>
    public const UnixFileMode FolderMode = Mode | UnixFileMode.UserExecute;

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Makes the folders of a path that are missing, for their owner alone; what is there keeps its mode.</summary>
    public static void EnsureFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, FolderMode);
        }
    }

    /// <summary>A file that was not there.</summary>
    /// <exception cref="IOException">Something is there: a file, or a link to anywhere.</exception>
    public static FileStream Create(string path) => new(path, Options(FileMode.CreateNew));

    /// <summary>Replaces a file as a whole: readers see the old one or the new one, and a link in its place is replaced, not
    /// followed.</summary>
    public static void Write(string path, Action<Stream> content)
    {
        var draft = DraftOf(path);
        try
        {
            using (var file = Create(draft))
            {
                content(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public static void Write(string path, byte[] content) => Write(path, file => file.Write(content));

    /// <summary>What the file holds; where there is none, it is made first. Of several processes that make it at once one wins, and all
    /// read the same.</summary>
    public static byte[] ReadOrCreate(string path, Func<byte[]> content)
    {
        if (!File.Exists(path))
        {
            var draft = DraftOf(path);
            try
            {
                Write(draft, content());
                File.Move(draft, path, overwrite: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                // Another process was first.
            }
            finally
            {
                File.Delete(draft);
            }
        }

        return File.ReadAllBytes(path);
    }

    /// <summary>An exclusive lock that ends with the process, however it ends.</summary>
    /// <exception cref="IOException">Another process holds it, or a link is in its place.</exception>
    public static FileStream Lock(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new IOException($"{path} is a link, and a lock is a file of its own; remove it");
        }

        // FileShare.None takes an advisory lock on the file.
        return new FileStream(path, Options(FileMode.OpenOrCreate));
    }

    /// <summary>Whether users other than the owner may read or write it. Never on Windows.</summary>
    public static bool IsOpenToOthers(SafeFileHandle file) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Others) != 0;

    /// <summary>Whether every user may write it. Never on Windows.</summary>
    public static bool IsWritableByAll(string path) =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.OtherWrite) != 0;

    /// <inheritdoc cref="IsOpenToOthers(SafeFileHandle)"/>
    public static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0;

    private static string DraftOf(string path) => $"{path}.{Guid.NewGuid():N}";

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Mode;
        }

        return options;
    }
}
