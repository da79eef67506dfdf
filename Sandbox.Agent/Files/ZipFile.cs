using System.IO.Compression;

namespace Sandbox.Agent.Files;

/// <summary>Unpacks an archive below a folder, and nowhere else.</summary>
internal static class ZipFile
{
    private const int MaxEntries = 200_000, TypeMask = 0xF000, FolderType = 0x4000, DosFolder = 0x10;

    /// <summary>Unpacked bytes; what a small archive can blow up to is bounded before the disk is.</summary>
    private const long MaxBytes = 64L * 1024 * 1024 * 1024;

    /// <param name="archive">A file on disk: the list of entries is at its end.</param>
    public static async Task ExtractAsync(string archive, string folder, CancellationToken cancellationToken)
    {
        await using var file = FileReader.Open(archive);
        try
        {
            using var zip = new ZipArchive(file, ZipArchiveMode.Read);
            Check(zip, folder);
            FileTree.EnsureFolder(folder, owner: null);
            foreach (var entry in zip.Entries)
            {
                await ExtractAsync(entry, Target(folder, entry), cancellationToken);
            }
        }
        catch (InvalidDataException exception)
        {
            throw new FileFailure(FileFailureKind.Other, "the uploaded file is not a readable zip archive", exception);
        }
    }

    // All names first, so that a bad archive changes nothing.
    private static void Check(ZipArchive zip, string folder)
    {
        if (zip.Entries.Count > MaxEntries || zip.Entries.Sum(entry => entry.Length) > MaxBytes)
        {
            throw new FileFailure(FileFailureKind.TooLarge, $"the archive has more than {MaxEntries} entries or {MaxBytes} bytes");
        }

        foreach (var entry in zip.Entries)
        {
            _ = Target(folder, entry);
        }
    }

    private static string Target(string folder, ZipArchiveEntry entry)
    {
        var name = NameOf(entry);
        if (name.Split('/').Contains("..") || name.StartsWith('/'))
        {
            throw new FileFailure(FileFailureKind.InvalidPath, $"the archive names '{name}', which is outside the target folder");
        }

        var target = SandboxPath.Resolve("/" + name, "/");
        return target == "/" ? folder : folder.TrimEnd('/') + target;
    }

    /// <summary>A backslash parts folders only in an archive that was not made on Unix. The reader tells where by its own short name,
    /// which it cuts by the rules of that system.</summary>
    private static string NameOf(ZipArchiveEntry entry) =>
        entry.FullName.Contains('\\', StringComparison.Ordinal) && entry.Name == entry.FullName[(entry.FullName.LastIndexOf('/') + 1)..]
            ? entry.FullName : entry.FullName.Replace('\\', '/');

    /// <summary>By the slash at its end, or by the flag of the system that made it.</summary>
    private static bool IsFolder(ZipArchiveEntry entry) =>
        NameOf(entry).EndsWith('/')
        || (entry.ExternalAttributes >> 16 & TypeMask) == FolderType
        || ((entry.ExternalAttributes >> 16 & TypeMask) == 0 && entry.Length == 0 && (entry.ExternalAttributes & DosFolder) != 0);

    private static async Task ExtractAsync(ZipArchiveEntry entry, string target, CancellationToken cancellationToken)
    {
        if (IsFolder(entry))
        {
            FileTree.EnsureFolder(target, owner: null);
            return;
        }

        await using var content = entry.Open();
        await using var bounded = new Http.BoundedStream(content, entry.Length);
        var mode = (uint)entry.ExternalAttributes >> 16 & 0x1FF;
        await FileWriter.WriteAsync(target, bounded, owner: null, mode == 0 ? null : mode, cancellationToken);
    }
}
