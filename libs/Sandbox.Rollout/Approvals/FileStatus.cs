using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Sandbox.Rollout.Approvals;

/// <summary>What the kernel says of a file, a link itself where there is one.</summary>
/// <param name="Mode">Its kind and permissions.</param>
/// <param name="Links">How many names it has.</param>
internal readonly record struct FileStatus(uint Mode, uint Links, uint User, ulong Inode, ulong Device)
{
    private const int CurrentFolder = -100, NotFollowing = 0x100, Itself = 0x1000, BasicStatus = 0x7ff, NoSuchFile = 2;

    // struct statx is the same on every architecture.
    private const int Size = 256, LinksAt = 16, UserAt = 20, ModeAt = 28, InodeAt = 32, DeviceAt = 136;

    private const uint TypeMask = 0xF000, Regular = 0x8000, Link = 0xA000, WritableByOthers = 0x12;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsLink => (Mode & TypeMask) == Link;

    /// <summary>Users other than its owner may write it.</summary>
    public bool IsWritableByOthers => (Mode & WritableByOthers) != 0;

    /// <summary>Null when there is nothing at the path.</summary>
    /// <exception cref="IOException">It may not be looked at.</exception>
    public static FileStatus? Find(string path)
    {
        var found = new byte[Size];
        return StatX(CurrentFolder, [.. Encoding.UTF8.GetBytes(path), 0], NotFollowing, BasicStatus, found) == 0 ? Read(found)
            : Marshal.GetLastPInvokeError() == NoSuchFile ? null
            : throw Failed(path);
    }

    /// <summary>Of an open file.</summary>
    /// <exception cref="IOException">It may not be looked at.</exception>
    public static FileStatus Of(SafeFileHandle file)
    {
        var found = new byte[Size];
        return StatX((int)file.DangerousGetHandle(), [0], Itself, BasicStatus, found) == 0 ? Read(found) : throw Failed("an open file");
    }

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static extern uint CurrentUser();

    private static FileStatus Read(byte[] found) => new(
        BitConverter.ToUInt16(found, ModeAt), BitConverter.ToUInt32(found, LinksAt), BitConverter.ToUInt32(found, UserAt),
        BitConverter.ToUInt64(found, InodeAt), BitConverter.ToUInt64(found, DeviceAt));

    private static IOException Failed(string path) =>
        new($"{path} cannot be looked at: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, byte[] path, int flags, uint mask, byte[] found);
}
