using System.Runtime.InteropServices;
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

    public static void MakeFolder(string path, FileOwner? owner)
    {
        if (FileStatus.Find(path, follow: true) is { } there)
        {
            throw there.IsDirectory
                ? new FileFailure(FileFailureKind.AlreadyExists, $"directory already exists: {path}")
                : new FileFailure(FileFailureKind.NotDirectory, $"path already exists but it is not a directory: {path}");
        }

        EnsureFolder(path, owner);
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
            Run(folder, () => Directory.CreateDirectory(folder));
            GiveTo(folder, owner);
        }
    }

    public static void GiveTo(string path, FileOwner? owner)
    {
        if (owner is { } to && FileCalls.ChangeOwner(path, to.User, to.Group) != 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), path);
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

        Run(destination, () => TreeCopy.Copy(source, destination));
        Remove(source);
    }

    /// <summary>With all below it; nothing there is what was asked for. Links are removed, not followed.</summary>
    public static void Remove(string path)
    {
        if (path == "/")
        {
            throw new FileFailure(FileFailureKind.Denied, "the root directory cannot be removed");
        }

        if (FileStatus.Find(path, follow: false) is { } there)
        {
            Run(path, () =>
            {
                if (there.IsDirectory)
                {
                    Directory.Delete(path, recursive: true);
                }
                else
                {
                    File.Delete(path);
                }
            });
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
            var names = new DirectoryInfo(folder)
                .EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = false })
                .Select(info => info.Name).Where(name => !PartialFile.Is(name)).ToList();
            names.Sort(string.CompareOrdinal);
            return names;
        }
        catch (DirectoryNotFoundException)
        {
            // Removed while it was being listed.
            return [];
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, folder);
        }
    }

    private static void Run(string path, Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, path);
        }
    }
}
