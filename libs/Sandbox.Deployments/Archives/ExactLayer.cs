using System.Runtime.InteropServices;
using System.Text;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Archives;

/// <summary>
/// What a stopped container has changed, as layers of an image with nothing lost. The engine's own commit drops every
/// extended attribute but security.capability and cuts times to seconds; it unpacks whatever a layer has, though, so the
/// layers are made here, by GNU tar, from the folder in which overlay2 keeps the changes (docs/adr/0007).
/// </summary>
internal sealed class ExactLayer(IHostTools tools)
{
    private const int TarBlock = 512;

    private const int LongestAttributes = 65_536;

    // What overlay2 notes for itself, and what a layer loses nothing without. "opaque" is written as a removal.
    private static readonly string[] Harmless =
    [
        "trusted.overlay.opaque", "trusted.overlay.origin", "trusted.overlay.impure", "trusted.overlay.nlink", "trusted.overlay.upper",
        "trusted.overlay.uuid",
    ];

    /// <summary>Whether that can be done here: the folder is on this machine and may be read.</summary>
    public static bool CanRead(string? driver, string? upper) => driver is "overlay2" && upper is not null && Directory.Exists(upper);

    /// <summary>
    /// Whether the folder means what it shows. With some settings of the kernel a folder that was moved is only a mark that says where
    /// from (<c>redirect</c>), a file has a mode but no content (<c>metacopy</c>), or a removal is an attribute (<c>whiteout</c>): what
    /// is not known to be harmless is left to the engine, which reads through overlay2 itself.
    /// </summary>
    public async Task<bool> MeansWhatItShowsAsync(string upper, Stream names, CancellationToken cancellationToken)
    {
        await RunAsync("find", [upper, "-mindepth", "0", "-printf", "./%P\\0"], null, names, cancellationToken);
        names.Position = 0;
        var means = NamesIn(names).All(name => AttributesOf(PathOf(upper, name)).All(attribute => IsKnown(upper, name, attribute)));
        names.SetLength(0);
        return means;
    }

    /// <summary>Everything but what is removed.</summary>
    /// <param name="names">Takes the names meanwhile.</param>
    public async Task WriteContentAsync(string upper, Stream names, Stream layer, CancellationToken cancellationToken)
    {
        // A name that is removed stands in the folder as a character device 0/0.
        await RunAsync(
            "find", [upper, "-mindepth", "0", "(", "!", "-type", "c", ")", "-printf", "./%P\\0"], null, names, cancellationToken);
        using var devices = new MemoryStream();
        await RunAsync("find", [upper, "-type", "c", "-printf", "./%P\\0"], null, devices, cancellationToken);
        foreach (var name in Names(devices).Where(name => !IsRemoval(upper, name)))
        {
            names.Write(name);
            names.WriteByte(0);
        }

        names.Position = 0;
        string[] arguments =
        [
            "--create", "--file=-", "--directory", upper, "--format=posix", "--pax-option=delete=atime,delete=ctime", "--numeric-owner",
            "--acls", "--xattrs", "--xattrs-include=*",
            "--xattrs-exclude=trusted.overlay.*", "--no-recursion", "--null", "--files-from=-",
        ];
        await RunAsync("tar", arguments, names, layer, cancellationToken);
    }

    /// <summary>What is removed, in an image's own notation; false when nothing is.</summary>
    public async Task<bool> TryWriteRemovalsAsync(string upper, Stream layer, CancellationToken cancellationToken)
    {
        using var devices = new MemoryStream();
        using var folders = new MemoryStream();
        await RunAsync("find", [upper, "-type", "c", "-printf", "./%P\\0"], null, devices, cancellationToken);
        await RunAsync("find", [upper, "-mindepth", "1", "-type", "d", "-printf", "./%P\\0"], null, folders, cancellationToken);
        List<byte[]> removals =
        [
            .. Names(devices).Where(name => IsRemoval(upper, name)).Select(name => Marked(name)),
            .. Names(folders).Where(name => IsOpaque(upper, name)).Select(name => (byte[])[.. name, .. "/.wh..wh..opq"u8]),
        ];
        foreach (var removal in removals)
        {
            if (removal.Length > 100)
            {
                WriteHeader(layer, "././@LongLink"u8, removal.Length + 1, (byte)'L');
                layer.Write(removal);
                layer.Write(new byte[TarBlock - (removal.Length % TarBlock)]);
            }

            WriteHeader(layer, removal.AsSpan(0, Math.Min(removal.Length, 100)), 0, (byte)'0');
        }

        layer.Write(new byte[2 * TarBlock]);
        return removals.Count > 0;
    }

    private async Task RunAsync(string program, string[] arguments, Stream? input, Stream output, CancellationToken cancellationToken)
    {
        var outcome = await tools.RunAsync(program, arguments, input, output, cancellationToken);
        if (!outcome.Succeeded)
        {
            throw new ArchiveException(outcome.Failure);
        }
    }

    /// <summary>Names are bytes: nothing says that they are UTF-8.</summary>
    private static IEnumerable<byte[]> Names(MemoryStream list)
    {
        var bytes = list.ToArray();
        for (var begin = 0; begin < bytes.Length;)
        {
            var end = Array.IndexOf(bytes, (byte)0, begin);
            yield return bytes[begin..end];
            begin = end + 1;
        }
    }

    /// <summary>As <see cref="Names"/>, for a list that may be too long for memory.</summary>
    private static IEnumerable<byte[]> NamesIn(Stream list)
    {
        var (name, buffer) = (new List<byte>(), new byte[64 * 1024]);
        int read;
        while ((read = list.Read(buffer)) > 0)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] != 0)
                {
                    name.Add(buffer[i]);
                    continue;
                }

                yield return [.. name];
                name.Clear();
            }
        }
    }

    private static string[] AttributesOf(byte[] path)
    {
        var size = LListXattr(path, null, 0);
        if (size <= 0)
        {
            return [];
        }

        var names = new byte[Math.Min(size + 1024, LongestAttributes)];
        size = LListXattr(path, names, names.Length);
        return size < 0
            ? throw new ArchiveException($"the attributes of {Encoding.UTF8.GetString(path)} cannot be read")
            : Encoding.UTF8.GetString(names, 0, (int)size).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }

    private static bool IsKnown(string upper, byte[] name, string attribute) =>
        !(attribute.StartsWith("trusted.overlay.", StringComparison.Ordinal)
            || attribute.StartsWith("user.overlay.", StringComparison.Ordinal))
        || (Harmless.Contains(attribute) && (attribute != "trusted.overlay.opaque" || IsOpaque(upper, name)));

    private static byte[] Marked(byte[] name)
    {
        var slash = Array.LastIndexOf(name, (byte)'/') + 1;
        return [.. name.AsSpan(0, slash), .. ".wh."u8, .. name.AsSpan(slash)];
    }

    private static byte[] PathOf(string upper, byte[] name) => [.. Encoding.UTF8.GetBytes(upper), (byte)'/', .. name, 0];

    private static bool IsOpaque(string upper, byte[] name)
    {
        var value = new byte[8];
        return LGetXattr(PathOf(upper, name), "trusted.overlay.opaque\0"u8.ToArray(), value, value.Length) == 1 && value[0] == (byte)'y';
    }

    /// <summary>A device that a privileged sandbox made has a number.</summary>
    private static bool IsRemoval(string upper, byte[] name)
    {
        // struct statx is the same on every architecture: stx_rdev_major and stx_rdev_minor lie at 128 and 132.
        var found = new byte[256];
        return StatX(AtFdCwd, PathOf(upper, name), AtSymlinkNoFollow, 0, found) == 0
            && BitConverter.ToInt32(found, 128) == 0 && BitConverter.ToInt32(found, 132) == 0;
    }

    private static void WriteHeader(Stream layer, ReadOnlySpan<byte> name, int size, byte type)
    {
        var header = new byte[TarBlock];
        name.CopyTo(header);
        "0000644\0"u8.CopyTo(header.AsSpan(100));
        "0000000\0"u8.CopyTo(header.AsSpan(108));
        "0000000\0"u8.CopyTo(header.AsSpan(116));
        Octal(header.AsSpan(124, 12), size);
        "00000000000\0"u8.CopyTo(header.AsSpan(136));
        header.AsSpan(148, 8).Fill((byte)' ');
        header[156] = type;
        "ustar  \0"u8.CopyTo(header.AsSpan(257));
        Octal(header.AsSpan(148, 7), header.Sum(one => one));
        layer.Write(header);
    }

    private static void Octal(Span<byte> field, int value)
    {
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(field.Length - 1, '0'), field);
        field[^1] = 0;
    }

    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;

    [DllImport("libc", EntryPoint = "lgetxattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint LGetXattr(byte[] path, byte[] name, byte[] value, nint size);

    [DllImport("libc", EntryPoint = "llistxattr", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint LListXattr(byte[] path, byte[]? names, nint size);

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int folder, byte[] path, int flags, uint mask, byte[] found);
}
