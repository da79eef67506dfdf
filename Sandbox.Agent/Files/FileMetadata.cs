using System.Runtime.InteropServices;
using System.Text;

namespace Sandbox.Agent.Files;

/// <summary>A caller's own words about a file, kept as extended attributes <c>user.e2b.KEY</c>; nothing where the file system has
/// none.</summary>
internal static unsafe class FileMetadata
{
    private const string Prefix = "user.e2b.";
    private const int MaxNames = 65_536, MaxValue = 65_536;

    public static IReadOnlyDictionary<string, string>? Read(string path)
    {
        Dictionary<string, string>? found = null;
        foreach (var name in Names(path))
        {
            var value = Value(path, name);
            if (value is not null)
            {
                (found ??= [])[name[Prefix.Length..]] = value;
            }
        }

        return found;
    }

    /// <summary>Replaces all of it.</summary>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var name in Names(path).Where(name => !metadata.ContainsKey(name[Prefix.Length..])).ToList())
        {
            _ = FileCalls.RemoveAttribute(path, name);
        }

        foreach (var (key, value) in metadata)
        {
            var bytes = Encoding.UTF8.GetBytes(value);
            fixed (byte* pointer = bytes.Length == 0 ? [0] : bytes)
            {
                // Best effort by contract: many file systems (tmpfs, old overlays) have no user attributes.
                _ = FileCalls.SetAttribute(path, Prefix + key, pointer, (nuint)bytes.Length, 0);
            }
        }
    }

    /// <summary>All extended attributes.</summary>
    internal static List<string> NamesOf(string path)
    {
        // Most files have none; the length alone tells and saves the buffer.
        var size = FileCalls.ListAttributes(path, null, 0);
        if (size is <= 0 or > MaxNames)
        {
            return [];
        }

        var buffer = new byte[size];
        fixed (byte* pointer = buffer)
        {
            size = FileCalls.ListAttributes(path, pointer, (nuint)buffer.Length);
        }

        return size <= 0 ? [] : [.. Encoding.UTF8.GetString(buffer, 0, (int)size)
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)];
    }

    private static IEnumerable<string> Names(string path) =>
        NamesOf(path).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal));

    private static string? Value(string path, string name)
    {
        var buffer = NativeMemory.Alloc(MaxValue);
        try
        {
            var size = FileCalls.GetAttribute(path, name, (byte*)buffer, MaxValue);
            return size < 0 ? null : Encoding.UTF8.GetString((byte*)buffer, (int)size);
        }
        finally
        {
            NativeMemory.Free(buffer);
        }
    }
}
