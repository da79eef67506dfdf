using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Threading.Channels;
using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Wire;

namespace Sandbox.Agent.Files;

/// <summary>
/// What changes in a folder, by the kernel's inotify. Watched with all below it, a new folder is watched too, and what was
/// put into it before that is reported as created.
/// </summary>
internal sealed class FolderWatch : IDisposable
{
    private const int NonBlockingCloseOnExec = 0x80800, MaxFolders = 16_384, MaxWaiting = 16_384, HeaderBytes = 16;

    private const uint Modified = 2, Attributes = 4, MovedFrom = 0x40, MovedTo = 0x80, Created = 0x100, Deleted = 0x200,
        DeletedSelf = 0x400, MovedSelf = 0x800, Unmounted = 0x2000, Overflow = 0x4000, Ignored = 0x8000, OnlyFolders = 0x0100_0000,
        IsFolder = 0x4000_0000, Wanted = Modified | Attributes | MovedFrom | MovedTo | Created | Deleted | OnlyFolders;

    /// <summary>The watched folder itself, as a path relative to it.</summary>
    private const string Itself = ".";

    private readonly string _root;
    private readonly bool _recursive;
    private readonly int _descriptor;
    private readonly DescriptorStream _stream;
    private readonly Dictionary<int, string> _folders = [];
    private readonly Channel<FolderChange> _changes = Channel.CreateBounded<FolderChange>(MaxWaiting);
    private uint? _finishing;

    private FolderWatch(string root, bool recursive, int descriptor)
    {
        (_root, _recursive, _descriptor) = (root, recursive, descriptor);
        _stream = new DescriptorStream(descriptor, terminal: false);
    }

    /// <summary>Ends with a <see cref="FileFailure"/> when changes were lost, and after the event that tells it when the folder itself was
    /// removed or moved.</summary>
    public ChannelReader<FolderChange> Changes => _changes.Reader;

    /// <param name="path">Resolved.</param>
    public static FolderWatch Open(string path, bool recursive)
    {
        if (!FileStatus.Of(path, follow: true).IsDirectory)
        {
            throw new FileFailure(FileFailureKind.NotDirectory, $"path is not a directory: {path}");
        }

        var descriptor = FileCalls.OpenWatch(NonBlockingCloseOnExec);
        if (descriptor < 0)
        {
            throw new FileFailure(FileFailureKind.TooLarge, "no more watches are possible in the sandbox");
        }

        var watch = new FolderWatch(path, recursive, descriptor);
        try
        {
            watch.AddFolder("", announce: false);
        }
        catch
        {
            watch.Dispose();
            throw;
        }

        _ = watch.ReadAsync();
        return watch;
    }

    public void Dispose()
    {
        _stream.Dispose();
        _changes.Writer.TryComplete();
    }

    private static string Under(string folder, string name) => folder.Length == 0 ? name : $"{folder}/{name}";

    private string PathOf(string relative) => relative is "" or Itself ? _root : SandboxPath.Join(_root, relative);

    private void AddFolder(string relative, bool announce)
    {
        if (_folders.Count >= MaxFolders)
        {
            throw new FileFailure(FileFailureKind.TooLarge, $"more than {MaxFolders} folders cannot be watched at once");
        }

        var watch = FileCalls.AddWatch(
            _descriptor, PathOf(relative), relative.Length == 0 ? Wanted | DeletedSelf | MovedSelf : Wanted);
        if (watch < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (relative.Length > 0 && error != 28)
            {
                // Gone again, or not to be entered.
                return;
            }

            throw error == 28
                ? new FileFailure(FileFailureKind.TooLarge, "no more watches are possible in the sandbox")
                : FileFailure.FromErrorNumber(error, PathOf(relative));
        }

        _folders[watch] = relative;
        if (_recursive)
        {
            AddContent(relative, announce);
        }
    }

    // After the watch, so that nothing is missed between the two; something may be told twice.
    private void AddContent(string relative, bool announce)
    {
        try
        {
            foreach (var entry in FolderNames.In(PathOf(relative)))
            {
                var name = Under(relative, entry);
                if (announce && !PartialFile.Is(entry))
                {
                    Tell(name, FilesystemEventType.EVENT_TYPE_CREATE);
                }

                if (FileStatus.Find(PathOf(name), follow: false) is { IsDirectory: true })
                {
                    AddFolder(name, announce);
                }
            }
        }
        catch (FileFailure failure) when (failure.Kind != FileFailureKind.TooLarge)
        {
            // Removed again meanwhile.
        }
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = await _stream.ReadAsync(buffer, CancellationToken.None)) > 0 && TryTake(buffer.AsSpan(0, read)))
            {
            }
        }
        catch (FileFailure failure)
        {
            _changes.Writer.TryComplete(failure);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The watch was closed.
        }

        _changes.Writer.TryComplete();
    }

    /// <returns>False when the watched folder is gone, or has another name.</returns>
    private bool TryTake(ReadOnlySpan<byte> events)
    {
        while (events.Length >= HeaderBytes)
        {
            var watch = BinaryPrimitives.ReadInt32LittleEndian(events);
            var mask = BinaryPrimitives.ReadUInt32LittleEndian(events[4..]);
            var cookie = BinaryPrimitives.ReadUInt32LittleEndian(events[8..]);
            var length = (int)BinaryPrimitives.ReadUInt32LittleEndian(events[12..]);
            var name = FileNameText.Decode(events.Slice(HeaderBytes, length).TrimEnd((byte)0));
            events = events[(HeaderBytes + length)..];
            if ((mask & Overflow) != 0)
            {
                throw Lost();
            }

            if (_folders.GetValueOrDefault(watch) is "" && (mask & (DeletedSelf | MovedSelf | Unmounted | Ignored)) != 0)
            {
                Tell(Itself, (mask & MovedSelf) != 0 ? FilesystemEventType.EVENT_TYPE_RENAME : FilesystemEventType.EVENT_TYPE_REMOVE);
                return false;
            }

            if ((mask & Ignored) != 0)
            {
                _folders.Remove(watch);
            }
            else if (name.Length > 0 && _folders.TryGetValue(watch, out var folder))
            {
                Take(folder, name, mask, cookie);
            }
        }

        return true;
    }

    private void Take(string folder, string name, uint mask, uint cookie)
    {
        var relative = Under(folder, name);
        if (PartialFile.Is(name))
        {
            _finishing = (mask & MovedFrom) != 0 ? cookie : _finishing;
        }
        else if ((mask & MovedTo) != 0 && _finishing == cookie)
        {
            // An upload that became whole: to the watcher it is a file that was made and written.
            Tell(relative, FilesystemEventType.EVENT_TYPE_CREATE);
            Tell(relative, FilesystemEventType.EVENT_TYPE_WRITE);
        }
        else if ((mask & (Created | MovedTo)) != 0)
        {
            Tell(relative, FilesystemEventType.EVENT_TYPE_CREATE);
            if (_recursive && (mask & IsFolder) != 0)
            {
                AddFolder(relative, announce: true);
            }
        }
        else
        {
            TellOther(relative, mask);
        }
    }

    private void TellOther(string relative, uint mask)
    {
        if ((mask & (MovedFrom | Deleted)) != 0 && (mask & IsFolder) != 0)
        {
            Forget(relative);
        }

        Tell(relative, (mask & Modified) != 0 ? FilesystemEventType.EVENT_TYPE_WRITE
            : (mask & Attributes) != 0 ? FilesystemEventType.EVENT_TYPE_CHMOD
            : (mask & MovedFrom) != 0 ? FilesystemEventType.EVENT_TYPE_RENAME
            : FilesystemEventType.EVENT_TYPE_REMOVE);
    }

    // A folder that moved away keeps its watch in the kernel, under a name that is no longer true.
    private void Forget(string relative)
    {
        foreach (var watch in _folders.Where(
            pair => pair.Value == relative || pair.Value.StartsWith(relative + "/", StringComparison.Ordinal))
            .Select(pair => pair.Key).ToList())
        {
            _ = FileCalls.RemoveWatch(_descriptor, watch);
            _folders.Remove(watch);
        }
    }

    private void Tell(string relative, FilesystemEventType type)
    {
        if (!_changes.Writer.TryWrite(new FolderChange(relative, PathOf(relative), type)))
        {
            throw Lost();
        }
    }

    private static FileFailure Lost() =>
        new(FileFailureKind.TooLarge, "more changed than could be told, and some changes were lost: list the directory and watch it again");
}

/// <param name="Name">Relative to the watched folder.</param>
internal sealed record FolderChange(string Name, string Path, FilesystemEventType Type);
