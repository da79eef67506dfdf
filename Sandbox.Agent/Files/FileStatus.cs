using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Agent.Files;

/// <summary>What the kernel says of one path. <paramref name="Inode"/> and <paramref name="Device"/> tell whether two are the
/// same; <paramref name="Allocated"/> are the bytes of disk that it has.</summary>
internal readonly record struct FileStatus(
    uint Mode, uint UserId, uint GroupId, long Size, DateTimeOffset Modified, ulong Inode = 0, ulong Device = 0,
    long Allocated = 0)
{
    private const uint TypeMask = 0xF000, Pipe = 0x1000, Character = 0x2000, Folder = 0x4000, Block = 0x6000, Regular = 0x8000,
        Link = 0xA000, SocketType = 0xC000, SetUser = 0x800, SetGroup = 0x400, Sticky = 0x200;

    public bool IsDirectory => (Mode & TypeMask) == Folder;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsLink => (Mode & TypeMask) == Link;

    /// <summary>Opening a pipe waits for its other end, and a socket cannot be opened.</summary>
    public bool IsPipeOrSocket => (Mode & TypeMask) is Pipe or SocketType;

    /// <summary>The lowest nine bits.</summary>
    public uint Permissions => Mode & 0x1FF;

    /// <summary>Null when there is nothing at the path.</summary>
    public static FileStatus? Find(string path, bool follow)
    {
        var error = Query(FileCalls.CurrentFolder, path, follow ? 0 : FileCalls.NoFollow, out var status);
        return error switch
        {
            0 => status,
            2 or 20 => null,
            _ => throw FileFailure.FromErrorNumber(error, path),
        };
    }

    public static FileStatus Of(string path, bool follow)
    {
        var error = Query(FileCalls.CurrentFolder, path, follow ? 0 : FileCalls.NoFollow, out var status);
        return error == 0 ? status : throw FileFailure.FromErrorNumber(error, path);
    }

    /// <summary>Of what a descriptor has open.</summary>
    /// <param name="named">For the failure's text.</param>
    public static FileStatus Of(int descriptor, string named)
    {
        var error = Query(descriptor, "", FileCalls.Itself, out var status);
        return error == 0 ? status : throw FileFailure.FromErrorNumber(error, named);
    }

    /// <summary>The way Go prints a mode: <c>-rw-r--r--</c>, <c>drwxr-xr-x</c>, <c>dtrwxrwxrwx</c>, <c>Lrwxrwxrwx</c>.</summary>
    public string GoPermissions()
    {
        var text = new StringBuilder(14);
        text.Append((Mode & TypeMask) switch
        {
            Folder => "d",
            Link => "L",
            Block => "D",
            Pipe => "p",
            SocketType => "S",
            Character => "Dc",
            _ => "",
        });
        text.Append((Mode & SetUser) != 0 ? "u" : "").Append((Mode & SetGroup) != 0 ? "g" : "").Append((Mode & Sticky) != 0 ? "t" : "");
        if (text.Length == 0)
        {
            text.Append('-');
        }

        for (var bit = 8; bit >= 0; bit--)
        {
            text.Append((Mode >> bit & 1) != 0 ? "xwr"[bit % 3] : '-');
        }

        return text.ToString();
    }

    // The layout of struct statx is the same on every architecture.
    private static unsafe int Query(int folder, string path, int flags, out FileStatus status)
    {
        var bytes = stackalloc byte[256];
        if (FileCalls.Statx(folder, path, flags, FileCalls.BasicStats, bytes) != 0)
        {
            status = default;
            return Marshal.GetLastPInvokeError();
        }

        var raw = new ReadOnlySpan<byte>(bytes, 256);
        var modified = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64LittleEndian(raw[112..]))
            .AddTicks(BinaryPrimitives.ReadUInt32LittleEndian(raw[120..]) / 100);
        status = new(
            BinaryPrimitives.ReadUInt16LittleEndian(raw[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(raw[40..]),
            modified,
            BinaryPrimitives.ReadUInt64LittleEndian(raw[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(raw[136..]),
            BinaryPrimitives.ReadInt64LittleEndian(raw[48..]) * 512);
        return 0;
    }
}
