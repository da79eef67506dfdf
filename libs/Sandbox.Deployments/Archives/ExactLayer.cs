using System.Buffers.Text;
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

    /// <summary>The kernel's, with the closing NUL: neither tar nor an engine gets at a longer one.</summary>
    private const int LongestPath = 4096;

    /// <summary>Of <c>./</c>, the folder itself.</summary>
    private const int RootName = 2;

    /// <summary>In a layer, about: one header, and one with what does not fit into it.</summary>
    private const int HeadersOfAnEntry = 1024;

    // What overlay2 notes for itself, and what a layer loses nothing without. "opaque" is written as a removal.
    private static readonly string[] Harmless =
    [
        "trusted.overlay.opaque", "trusted.overlay.origin", "trusted.overlay.impure", "trusted.overlay.nlink", "trusted.overlay.upper",
        "trusted.overlay.uuid",
    ];

    /// <summary>Whether that can be done here: the folder is on this machine and may be read.</summary>
    public static bool CanRead(string? driver, string? upper) => driver is "overlay2" && upper is not null && Directory.Exists(upper);

    /// <summary>Reads what the folder has, one entry after another: however many there are, none is kept in memory.</summary>
    /// <param name="listing">Takes what is there meanwhile.</param>
    /// <param name="longest">How long that list may become.</param>
    /// <param name="names">Takes the names of what <see cref="WriteContentAsync"/> is to write.</param>
    /// <param name="removals">Takes what is removed as a layer, in an image's own notation.</param>
    public async Task<LayerSummary> ReadAsync(
        string upper, Stream listing, ByteLimit longest, Stream names, Stream removals, CancellationToken cancellationToken)
    {
        using (var bounded = new HashingStream(listing, longest))
        {
            // Of a sandbox that runs some files are gone before they are looked at.
            string[] arguments = [upper, "-ignore_readdir_race", "-mindepth", "0", "-printf", "%y %s %b %n ./%P\\0"];
            await RunAsync("find", arguments, null, bounded, cancellationToken);
        }

        listing.Position = 0;
        var summary = new LayerSummary(0, 0, HasRemovals: false, MeansWhatItShows: true);
        foreach (var entry in EntriesIn(listing))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (PathOf(upper, entry.Name).Length > LongestPath)
            {
                throw new ArchiveException(
                    $"a path in it has {entry.Name.Length} bytes, which is more than an engine can unpack (about {LongestPath})");
            }

            var isKnown = AttributesOf(PathOf(upper, entry.Name)).All(attribute => IsKnown(upper, entry.Name, attribute));
            summary = Add(summary with { MeansWhatItShows = summary.MeansWhatItShows && isKnown }, upper, entry, names, removals);
        }

        removals.Write(new byte[2 * TarBlock]);
        return summary;
    }

    /// <summary>Writes the layer with everything but what is removed.</summary>
    /// <param name="names">As <see cref="ReadAsync"/> has left them.</param>
    public async Task WriteContentAsync(string upper, Stream names, Stream layer, CancellationToken cancellationToken)
    {
        names.Position = 0;
        string[] arguments =
        [
            "--create", "--file=-", "--directory", upper, "--format=posix", "--pax-option=delete=atime,delete=ctime", "--numeric-owner",
            "--acls", "--xattrs", "--xattrs-include=*",
            "--xattrs-exclude=trusted.overlay.*", "--no-recursion", "--null", "--files-from=-",
        ];
        await RunAsync("tar", arguments, names, layer, cancellationToken);
    }

    private static LayerSummary Add(LayerSummary sum, string upper, Entry entry, Stream names, Stream removals)
    {
        // A name that is removed stands in the folder as a character device 0/0.
        if (entry.Type is 'c' && IsRemoval(upper, entry.Name))
        {
            WriteRemoval(removals, Marked(entry.Name));
            return sum with { HasRemovals = true };
        }

        // A socket is nothing without the process that made it, and tar knows none.
        if (entry.Type is 's')
        {
            return sum;
        }

        names.Write(entry.Name);
        names.WriteByte(0);
        var isOpaque = entry.Type is 'd' && entry.Name.Length > RootName && IsOpaque(upper, entry.Name);
        if (isOpaque)
        {
            WriteRemoval(removals, [.. entry.Name, .. "/.wh..wh..opq"u8]);
        }

        // All names of one file have its content once.
        return sum with
        {
            Bytes = sum.Bytes + HeadersOfAnEntry + (entry.Type is 'f' ? entry.Bytes / Math.Max(1, entry.Links) : 0),
            DiskBytes = sum.DiskBytes + (entry.Blocks * TarBlock / Math.Max(1, entry.Links)),
            HasRemovals = sum.HasRemovals || isOpaque,
        };
    }

    private static void WriteRemoval(Stream layer, byte[] removal)
    {
        if (removal.Length > 100)
        {
            WriteHeader(layer, "././@LongLink"u8, removal.Length + 1, (byte)'L');
            layer.Write(removal);
            layer.Write(new byte[TarBlock - (removal.Length % TarBlock)]);
        }

        WriteHeader(layer, removal.AsSpan(0, Math.Min(removal.Length, 100)), 0, (byte)'0');
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
    private static IEnumerable<Entry> EntriesIn(Stream listing)
    {
        var (line, buffer) = (new List<byte>(), new byte[64 * 1024]);
        int read;
        while ((read = listing.Read(buffer)) > 0)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] != 0)
                {
                    line.Add(buffer[i]);
                    continue;
                }

                yield return Entry.Parse([.. line]);
                line.Clear();
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

    /// <summary>A line of find's: type, size in bytes, blocks of 512 bytes on the disk, names that the file has, its name.</summary>
    private readonly record struct Entry(char Type, long Bytes, long Blocks, long Links, byte[] Name)
    {
        public static Entry Parse(byte[] text)
        {
            var line = text.AsSpan(2);
            return new Entry((char)text[0], Number(ref line), Number(ref line), Number(ref line), line.ToArray());
        }

        private static long Number(ref Span<byte> line)
        {
            if (!Utf8Parser.TryParse(line, out long number, out var length))
            {
                throw new ArchiveException("find has answered something else than it was asked for");
            }

            line = line[(length + 1)..];
            return number;
        }
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
