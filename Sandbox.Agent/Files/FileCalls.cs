using System.Runtime.InteropServices;

namespace Sandbox.Agent.Files;

/// <summary>
/// The C library's calls about files. Those of .NET are not used for what a caller names: they know only names that are UTF-8, and
/// resolve links by their text.
/// </summary>
internal static unsafe partial class FileCalls
{
    internal const int CurrentFolder = -100;

    /// <summary>statx and fchownat: the link itself; the descriptor itself.</summary>
    internal const int NoFollow = 0x100, Itself = 0x1000;

    /// <summary>unlinkat: a folder.</summary>
    internal const int RemoveFolder = 0x200;

    internal const uint BasicStats = 0x7ff;

    /// <summary>Flags of open; the two last have other values on arm64.</summary>
    internal const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, NoTerminal = 0x100,
        NonBlocking = 0x800, CloseOnExec = 0x80000, PathOnly = 0x200000;

    internal static readonly int FolderOnly = IsArm ? 0x4000 : 0x10000;

    internal static readonly int NoLink = IsArm ? 0x8000 : 0x20000;

    private const int SetFlags = 4;

    private const string Library = "libc";

    private static bool IsArm => RuntimeInformation.ProcessArchitecture is Architecture.Arm64;

    /// <summary>Without <see cref="NonBlocking"/> from now on.</summary>
    internal static void MakeBlocking(int descriptor) => _ = Control(descriptor, SetFlags, 0);

    [LibraryImport(Library, EntryPoint = "openat", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int OpenAt(int folder, string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "unlinkat", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int UnlinkAt(int folder, string path, int flags);

    [LibraryImport(Library, EntryPoint = "mkdir", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int MakeFolder(string path, uint mode);

    [LibraryImport(Library, EntryPoint = "symlink", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int MakeLink(string target, string path);

    [LibraryImport(Library, EntryPoint = "readlink", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial nint ReadLink(string path, byte* target, nuint size);

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int Statx(int folder, string path, int flags, uint mask, void* result);

    [LibraryImport(Library, EntryPoint = "fchownat", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int ChangeOwnerAt(int folder, string path, uint user, uint group, int flags);

    [LibraryImport(Library, EntryPoint = "chmod", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int ChangeMode(string path, uint mode);

    [LibraryImport(Library, EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int ChangeModeOf(int descriptor, uint mode);

    [LibraryImport(Library, EntryPoint = "rename", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int Rename(string from, string to);

    /// <summary>Reserves bytes without changing the size (flag 1).</summary>
    [LibraryImport(Library, EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Reserve(int descriptor, int mode, long from, long count);

    [LibraryImport(Library, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int descriptor, long length);

    /// <summary>Takes the descriptor over.</summary>
    [LibraryImport(Library, EntryPoint = "fdopendir", SetLastError = true)]
    internal static partial nint OpenFolderStream(int descriptor);

    [LibraryImport(Library, EntryPoint = "readdir", SetLastError = true)]
    internal static partial byte* ReadFolder(nint folder);

    [LibraryImport(Library, EntryPoint = "closedir", SetLastError = true)]
    internal static partial int CloseFolderStream(nint folder);

    [LibraryImport(Library, EntryPoint = "listxattr", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial nint ListAttributes(string path, byte* names, nuint size);

    [LibraryImport(Library, EntryPoint = "getxattr", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial nint GetAttribute(string path, string name, byte* value, nuint size);

    [LibraryImport(Library, EntryPoint = "setxattr", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int SetAttribute(string path, string name, byte* value, nuint size, int flags);

    [LibraryImport(Library, EntryPoint = "removexattr", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int RemoveAttribute(string path, string name);

    [LibraryImport(Library, EntryPoint = "inotify_init1", SetLastError = true)]
    internal static partial int OpenWatch(int flags);

    [LibraryImport(Library, EntryPoint = "inotify_add_watch", SetLastError = true,
        StringMarshalling = StringMarshalling.Custom, StringMarshallingCustomType = typeof(PathMarshaller))]
    internal static partial int AddWatch(int descriptor, string path, uint mask);

    [LibraryImport(Library, EntryPoint = "inotify_rm_watch", SetLastError = true)]
    internal static partial int RemoveWatch(int descriptor, int watch);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint argument);
}
