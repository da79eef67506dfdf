using Microsoft.Extensions.Options;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Archives;

/// <summary>Archives as files of a folder. A file is written under a name of its own, flushed to the disk, and then renamed.</summary>
internal sealed class FolderArchiveStore(IOptions<ArchiveOptions> options) : IArchiveStore
{
    private const int Chunk = 1 << 20;
    private const int CreateAttempts = 1000;

    /// <summary>EEXIST.</summary>
    private const int FileExists = 17;

    private readonly string _root = Path.GetFullPath(options.Value.Folder);

    public Task PutAsync(string key, Stream content, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        var file = FileOf(key);
        var partial = $"{file}.{Guid.NewGuid():N}.partial";
        try
        {
            await using (var target = Create(partial))
            {
                content.Position = 0;
                await content.CopyToAsync(target, Chunk, cancellationToken);
                target.Flush(flushToDisk: true);
            }

            File.Move(partial, file, overwrite: true);
            return true;
        }
        finally
        {
            Remove(partial);
        }
    });

    public Task<bool> TryGetAsync(string key, Stream target, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        FileStream source;
        try
        {
            source = new FileStream(FileOf(key), FileMode.Open, FileAccess.Read, FileShare.Read, Chunk, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }

        await using (source)
        {
            await source.CopyToAsync(target, Chunk, cancellationToken);
            return true;
        }
    });

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => GuardAsync(() =>
    {
        var file = FileOf(key);
        var folder = Path.GetDirectoryName(file)!;
        try
        {
            // With what a process that was killed has left of it.
            foreach (var name in Directory.EnumerateFiles(folder, Path.GetFileName(file) + "*"))
            {
                Remove(name);
            }

            RemoveIfEmpty(folder);
        }
        catch (DirectoryNotFoundException)
        {
            // Another has removed the last of it meanwhile.
        }

        return Task.FromResult(true);
    });

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) =>
        GuardAsync(() => Task.FromResult(File.Exists(FileOf(key))));

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (DirectoryNotFoundException)
        {
            // Its folder has gone with the last archive in it.
        }
    }

    /// <summary>The folder goes with its last archive, also while it is made and before the file is in it; then both are made once
    /// more.</summary>
    private static FileStream Create(string file)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                return new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, Chunk, FileOptions.Asynchronous);
            }
            catch (IOException exception) when (attempt < CreateAttempts && IsOfARemovedFolder(exception))
            {
            }
        }
    }

    /// <summary>"It exists" is one of them: mkdir(2) found the folder, and the look that follows in CreateDirectory did not.</summary>
    private static bool IsOfARemovedFolder(IOException exception) =>
        exception is DirectoryNotFoundException or FileNotFoundException || exception.HResult == FileExists;

    private static void RemoveIfEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // Something else lies in it.
        }
    }

    /// <summary>The folder itself is not made: one that is not mounted must not be mistaken for an empty one.</summary>
    private async Task<bool> GuardAsync(Func<Task<bool>> act)
    {
        if (!Directory.Exists(_root))
        {
            throw new ArchiveStoreException($"the folder of archives {_root} is not there");
        }

        try
        {
            return await act();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArchiveStoreException($"the folder of archives failed: {exception.Message}", exception);
        }
    }

    private string FileOf(string key)
    {
        var file = Path.GetFullPath(Path.Combine(_root, options.Value.Prefix + key));
        return file.StartsWith(_root + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? file
            : throw new ArgumentException($"'{key}' leads out of the folder of archives.", nameof(key));
    }
}
