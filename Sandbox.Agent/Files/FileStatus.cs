using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Agent.Files;

/// <summary>What the kernel says of one path.</summary>
internal readonly record struct FileStatus(uint Mode, uint UserId, uint GroupId, long Size, DateTimeOffset Modified)
{
    private const uint TypeMask = 0xF000, Pipe = 0x1000, Character = 0x2000, Folder = 0x4000, Block = 0x6000, Regular = 0x8000,
        Link = 0xA000, SocketType = 0xC000, SetUser = 0x800, SetGroup = 0x400, Sticky = 0x200;

    public bool IsDirectory => (Mode & TypeMask) == Folder;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsLink => (Mode & TypeMask) == Link;

    /// <summary>The lowest nine bits.</summary>
    public uint Permissions => Mode & 0x1FF;

    /// <summary>Null when there is nothing at the path.</summary>
    public static FileStatus? Find(string path, bool follow)
    {
        var error = Query(path, follow, out var status);
        return error switch
        {
            0 => status,
            2 or 20 => null,
            _ => throw FileFailure.FromErrorNumber(error, path),
        };
    }

    public static FileStatus Of(string path, bool follow)
    {
        var error = Query(path, follow, out var status);
        return error == 0 ? status : throw FileFailure.FromErrorNumber(error, path);
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
    private static unsafe int Query(string path, bool follow, out FileStatus status)
    {
        var bytes = stackalloc byte[256];
        var flags = follow ? 0 : FileCalls.NoFollow;
        if (FileCalls.Statx(FileCalls.CurrentFolder, path, flags, FileCalls.BasicStats, bytes) != 0)
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
            modified);
        return 0;
    }
}
