using System.IO.Compression;

namespace Sandbox.Agent.Files;

/// <summary>Unpacks an archive below a folder, and nowhere else.</summary>
internal static class ZipFile
{
    private const int MaxEntries = 200_000;

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
                await ExtractAsync(entry, Target(folder, entry.FullName), cancellationToken);
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
            _ = Target(folder, entry.FullName);
        }
    }

    private static string Target(string folder, string name)
    {
        var target = SandboxPath.Resolve("/" + name.Replace('\\', '/'), "/");
        if (name.Replace('\\', '/').Split('/').Contains("..") || name.StartsWith('/'))
        {
            throw new FileFailure(FileFailureKind.InvalidPath, $"the archive names '{name}', which is outside the target folder");
        }

        return target == "/" ? folder : folder.TrimEnd('/') + target;
    }

    private static async Task ExtractAsync(ZipArchiveEntry entry, string target, CancellationToken cancellationToken)
    {
        if (entry.FullName.EndsWith('/'))
        {
            FileTree.EnsureFolder(target, owner: null);
            return;
        }

        await using var content = entry.Open();
        await using var bounded = new Http.BoundedStream(content, entry.Length);
        await FileWriter.WriteAsync(target, bounded, owner: null, cancellationToken);
        var mode = (UnixFileMode)(entry.ExternalAttributes >> 16 & 0x1FF);
        if (mode != UnixFileMode.None)
        {
            File.SetUnixFileMode(target, mode);
        }
    }
}
