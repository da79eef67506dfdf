using System.Runtime.InteropServices;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Files;

/// <summary>
/// Removes a folder with all below it by open descriptors, one at a time: names of any bytes, paths of any length, folders of any depth
/// and number of entries. A folder that is moved away meanwhile ends it; nothing outside is ever touched.
/// </summary>
internal sealed class TreeRemoval : IDisposable
{
    private const int Batch = 4096;

    private readonly Stack<Level> _above = new();
    private readonly string _root;
    private int _folder;
    private Queue<string> _pending = new();

    private TreeRemoval(string root)
    {
        _root = root;
        _folder = Open(FileCalls.CurrentFolder, root);
    }

    /// <param name="path">A folder, not a link to one.</param>
    public static void Remove(string path)
    {
        using (var removal = new TreeRemoval(path))
        {
            removal.Empty();
        }

        if (FileCalls.UnlinkAt(FileCalls.CurrentFolder, path, FileCalls.RemoveFolder) != 0
            && Marshal.GetLastPInvokeError() is not Errno.ENOENT and var error)
        {
            throw FileFailure.FromErrorNumber(error, path);
        }
    }

    public void Dispose()
    {
        if (_folder >= 0)
        {
            _ = Libc.Close(_folder);
        }

        _folder = -1;
    }

    private static int FolderFlags => FileCalls.ReadOnly | FileCalls.FolderOnly | FileCalls.NoLink | FileCalls.CloseOnExec;

    private int Open(int at, string name)
    {
        var opened = FileCalls.OpenAt(at, name, FolderFlags, 0);
        return opened >= 0 ? opened : throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), Named(name));
    }

    private void Empty()
    {
        while (true)
        {
            if (_pending.TryDequeue(out var name))
            {
                Descend(name);
            }
            else if (FolderNames.Of(_folder, _root, Batch) is { Count: > 0 } names)
            {
                names.ForEach(RemoveEntry);
            }
            else if (!TryAscend())
            {
                return;
            }
        }
    }

    /// <summary>A folder that is not empty waits for its turn.</summary>
    private void RemoveEntry(string name)
    {
        if (FileCalls.UnlinkAt(_folder, name, 0) == 0 || Marshal.GetLastPInvokeError() == Errno.ENOENT)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error is not (Errno.EISDIR or Errno.EPERM))
        {
            throw FileFailure.FromErrorNumber(error, Named(name));
        }

        RemoveEmptyFolder(name, whenFull: () => _pending.Enqueue(name), unlinkError: error);
    }

    private void RemoveEmptyFolder(string name, Action whenFull, int unlinkError)
    {
        if (FileCalls.UnlinkAt(_folder, name, FileCalls.RemoveFolder) == 0)
        {
            return;
        }

        switch (Marshal.GetLastPInvokeError())
        {
            case Errno.ENOENT:
                break;
            case Errno.ENOTEMPTY or Errno.EEXIST:
                whenFull();
                break;
            case Errno.ENOTDIR:
                // It was no folder: then what unlink said is the reason.
                throw FileFailure.FromErrorNumber(unlinkError, Named(name));
            case var error:
                throw FileFailure.FromErrorNumber(error, Named(name));
        }
    }

    private void Descend(string name)
    {
        var inner = Open(_folder, name);
        _above.Push(new Level(FileStatus.Of(_folder, _root), name, _pending));
        _ = Libc.Close(_folder);
        (_folder, _pending) = (inner, new Queue<string>());
    }

    private bool TryAscend()
    {
        if (!_above.TryPop(out var level))
        {
            return false;
        }

        var outer = Open(_folder, "..");
        _ = Libc.Close(_folder);
        (_folder, _pending) = (outer, level.Pending);
        var status = FileStatus.Of(_folder, _root);
        if ((status.Inode, status.Device) != (level.Folder.Inode, level.Folder.Device))
        {
            throw new FileFailure(FileFailureKind.Other, $"'{Named(level.Name)}' was moved while it was being removed");
        }

        RemoveEmptyFolder(level.Name, whenFull: () => _pending.Enqueue(level.Name), unlinkError: Errno.EISDIR);
        return true;
    }

    private string Named(string name)
    {
        var folders = string.Join('/', _above.Reverse().Select(level => level.Name).Prepend(_root));
        return name.Length == 0 ? folders : $"{folders}/{name}";
    }

    /// <param name="Name">Of the folder below it that was entered.</param>
    /// <param name="Pending">Folders in it that are still to be emptied.</param>
    private sealed record Level(FileStatus Folder, string Name, Queue<string> Pending);
}
