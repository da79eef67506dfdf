using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Files;

/// <summary>User and group that what is made will belong to.</summary>
internal readonly record struct FileOwner(uint User, uint Group);

/// <summary>Folders: made, listed, moved, removed. Paths are resolved ones.</summary>
internal static class FileTree
{
    /// <summary>Entries in one listing.</summary>
    public const int MaxEntries = 200_000;

    private const int CrossDevice = 18;

    /// <param name="mode">Permission bits of the folder itself; null: what the umask leaves.</param>
    public static void MakeFolder(string path, FileOwner? owner, uint? mode = null)
    {
        if (FileStatus.Find(path, follow: true) is { } there)
        {
            throw there.IsDirectory
                ? new FileFailure(FileFailureKind.AlreadyExists, $"directory already exists: {path}")
                : new FileFailure(FileFailureKind.NotDirectory, $"path already exists but it is not a directory: {path}");
        }

        EnsureFolder(path, owner);
        if (mode is { } bits && FileCalls.ChangeMode(path, bits) != 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), path);
        }
    }

    /// <summary>Makes the folder and its parents; only those that it made get the owner.</summary>
    public static void EnsureFolder(string path, FileOwner? owner)
    {
        var missing = new Stack<string>();
        for (var at = path; at is not null && FileStatus.Find(at, follow: true) is not { IsDirectory: true }; at = SandboxPath.Parent(at))
        {
            missing.Push(at);
        }

        foreach (var folder in missing)
        {
            if (FileCalls.MakeFolder(folder, 0x1FF) == 0)
            {
                GiveTo(folder, owner);
            }
            else if (Marshal.GetLastPInvokeError() is var error
                && (error != Errno.EEXIST || FileStatus.Find(folder, follow: true) is not { IsDirectory: true }))
            {
                throw error == Errno.EEXIST
                    ? new FileFailure(FileFailureKind.NotDirectory, $"path already exists but it is not a directory: {folder}")
                    : FileFailure.FromErrorNumber(error, folder);
            }
        }
    }

    public static void GiveTo(string path, FileOwner? owner)
    {
        if (owner is { } to && FileCalls.ChangeOwnerAt(FileCalls.CurrentFolder, path, to.User, to.Group, FileCalls.NoFollow) != 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), path);
        }
    }

    public static void GiveTo(SafeFileHandle file, string named, FileOwner? owner)
    {
        if (owner is { } to
            && FileCalls.ChangeOwnerAt((int)file.DangerousGetHandle(), "", to.User, to.Group, FileCalls.Itself) != 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), named);
        }
    }

    /// <summary>Pre-order, by name within a folder; the folder itself left out; links are not followed.</summary>
    /// <param name="depth">1: the folder's own entries.</param>
    public static IReadOnlyList<EntryInfo> List(string path, uint depth, CancellationToken cancellationToken)
    {
        if (!FileStatus.Of(path, follow: true).IsDirectory)
        {
            throw new FileFailure(FileFailureKind.NotDirectory, $"path is not a directory: {path}");
        }

        var entries = new List<EntryInfo>();
        Collect(path, Math.Max(depth, 1), new OwnerNames(), entries, cancellationToken);
        return entries;
    }

    public static void Move(string source, string destination, FileOwner? owner)
    {
        _ = FileStatus.Of(source, follow: false);
        EnsureFolder(SandboxPath.Parent(destination) ?? "/", owner);
        if (FileCalls.Rename(source, destination) == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error != CrossDevice)
        {
            throw FileFailure.FromErrorNumber(error, destination);
        }

        TreeCopy.Copy(source, destination);
        Remove(source);
    }

    /// <summary>With all below it; nothing there is what was asked for. Links are removed, not followed.</summary>
    public static void Remove(string path)
    {
        if (path == "/")
        {
            throw new FileFailure(FileFailureKind.Denied, "the root directory cannot be removed");
        }

        if (FileStatus.Find(path, follow: false) is { IsDirectory: true })
        {
            TreeRemoval.Remove(path);
        }
        else if (FileCalls.UnlinkAt(FileCalls.CurrentFolder, path, 0) != 0
            && Marshal.GetLastPInvokeError() is not (Errno.ENOENT or Errno.ENOTDIR) and var error)
        {
            throw FileFailure.FromErrorNumber(error, path);
        }
    }

    private static void Collect(string folder, uint depth, OwnerNames names, List<EntryInfo> entries, CancellationToken cancellationToken)
    {
        foreach (var name in NamesIn(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (FileEntries.TryDescribe(SandboxPath.Join(folder, name), names) is not { } entry)
            {
                continue;
            }

            if (entries.Count == MaxEntries)
            {
                throw new FileFailure(FileFailureKind.TooLarge, $"more than {MaxEntries} entries; list a smaller folder or a lower depth");
            }

            entries.Add(entry);
            if (depth > 1 && entry.Type == FileType.FILE_TYPE_DIRECTORY && entry.SymlinkTarget is null)
            {
                Collect(entry.Path, depth - 1, names, entries, cancellationToken);
            }
        }
    }

    private static List<string> NamesIn(string folder)
    {
        try
        {
            var names = FolderNames.In(folder, MaxEntries + 1);
            names.RemoveAll(PartialFile.Is);
            names.Sort(string.CompareOrdinal);
            return names;
        }
        catch (FileFailure failure) when (failure.Kind == FileFailureKind.NotFound)
        {
            // Removed while it was being listed.
            return [];
        }
    }
}
