using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Files;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Wire;

namespace Sandbox.Cli.Commands;

/// <summary>Files and whole folders, in and out, streamed, with their permission bits. As <c>cp</c>: into a folder that is there, else
/// under the new name. What cannot be copied is left out and told.</summary>
internal sealed class Transfer(SandboxClient client, SandboxId id)
{
    private const int PermissionBits = 0x1FF;

    private readonly SandboxFiles _files = client.Files(id);

    /// <summary>Bytes copied so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Entries that were left out, but for links.</summary>
    public int LeftOut { get; private set; }

    public async Task InAsync(string local, string path, CancellationToken cancellationToken)
    {
        if (LocalEntries.KindOf(local) is LocalEntry.Other)
        {
            throw new CliException($"{local} is neither a file nor a folder");
        }

        var intoFolder = path.EndsWith('/') || await IsFolderAsync(path, cancellationToken);
        var target = intoFolder ? Join(path, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(local)))) : path;
        await CopyInAsync(local, target, cancellationToken);
    }

    public async Task OutAsync(string path, string local, CancellationToken cancellationToken)
    {
        var entry = await _files.StatAsync(path, cancellationToken);
        if (entry.Type is not (FileType.FILE_TYPE_FILE or FileType.FILE_TYPE_DIRECTORY))
        {
            throw new CliException($"{path} is neither a file nor a folder");
        }

        await CopyOutAsync(entry, path, Directory.Exists(local) ? Path.Combine(local, SafeName(path)) : local, cancellationToken);
    }

    private async Task CopyInAsync(string local, string path, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(local))
        {
            await UploadAsync(local, path, cancellationToken);
            return;
        }

        await EnsureFolderAsync(local, path, cancellationToken);
        foreach (var entry in new DirectoryInfo(local).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }))
        {
            if (WhyLeftOut(entry) is { } reason)
            {
                LeaveOut(entry.FullName, reason, counts: entry.LinkTarget is null);
            }
            else
            {
                await CopyInAsync(entry.FullName, Join(path, entry.Name), cancellationToken);
            }
        }
    }

    private static string? WhyLeftOut(FileSystemInfo entry) => LocalEntries.KindOf(entry.FullName) switch
    {
        LocalEntry.File => null,
        LocalEntry.Folder => entry.LinkTarget is null ? null : "a link to a folder",
        LocalEntry.Other => "neither a file nor a folder",
        _ => entry.LinkTarget is null ? "its name is not UTF-8, or it is gone" : "a link to nothing",
    };

    private async Task CopyOutAsync(EntryInfo entry, string path, string local, CancellationToken cancellationToken)
    {
        if (entry.Type is FileType.FILE_TYPE_FILE)
        {
            await DownloadAsync(entry, path, local, cancellationToken);
            return;
        }

        Directory.CreateDirectory(local);
        foreach (var child in await _files.ListAsync(path, depth: 1, cancellationToken))
        {
            if (WhyLeftOut(child) is { } reason)
            {
                LeaveOut(child.Path, reason, counts: child.SymlinkTarget is null);
            }
            else
            {
                // Names come from inside the sandbox: only a plain name may become one here.
                await CopyOutAsync(child, Join(path, child.Name), Path.Combine(local, SafeName(child.Name)), cancellationToken);
            }
        }

        File.SetUnixFileMode(local, (UnixFileMode)(entry.Mode & PermissionBits));
    }

    private static string? WhyLeftOut(EntryInfo entry) =>
        FileNameText.HasEscapes(entry.Name) ? "its name is not UTF-8"
        : entry.Type is FileType.FILE_TYPE_FILE ? null
        : entry.Type is FileType.FILE_TYPE_SYMLINK ? "a link to nothing"
        : entry.Type is not FileType.FILE_TYPE_DIRECTORY ? "neither a file nor a folder"
        : entry.SymlinkTarget is null ? null : "a link to a folder";

    private void LeaveOut(string path, string reason, bool counts)
    {
        LeftOut += counts ? 1 : 0;
        StandardStreams.WriteErrorLine($"sandbox: left out {path}: {reason}");
    }

    private async Task UploadAsync(string local, string path, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(local);
        Bytes += content.Length;
        await _files.UploadAsync(path, content, File.GetUnixFileMode(content.SafeFileHandle), cancellationToken);
    }

    private async Task DownloadAsync(EntryInfo entry, string path, string local, CancellationToken cancellationToken)
    {
        await using var content = await _files.OpenReadAsync(path, cancellationToken);
        if (LocalEntries.KindOf(local) is LocalEntry.Other)
        {
            throw new CliException($"{local} is there already and is neither a file nor a folder");
        }

        // Nobody else may read a key, not even while it comes.
        await using var file = new FileStream(local, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        File.SetUnixFileMode(file.SafeFileHandle, (UnixFileMode)(entry.Mode & PermissionBits));
        await content.CopyToAsync(file, cancellationToken);
        Bytes += file.Position;
    }

    private async Task<bool> IsFolderAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return (await _files.StatAsync(path, cancellationToken)).Type is FileType.FILE_TYPE_DIRECTORY;
        }
        catch (SandboxClientException exception) when (exception.Code is "not_found")
        {
            return false;
        }
    }

    private async Task EnsureFolderAsync(string local, string path, CancellationToken cancellationToken)
    {
        try
        {
            await _files.MakeFolderAsync(path, File.GetUnixFileMode(local), cancellationToken);
        }
        catch (SandboxClientException exception) when (exception.Code is "already_exists")
        {
        }
    }

    private static string Join(string folder, string name) => folder.TrimEnd('/') + "/" + name;

    private static string SafeName(string path)
    {
        var name = path.TrimEnd('/').Split('/')[^1];
        return name is "" or "." or ".." || name.Contains('\0')
            ? throw new CliException($"'{path}' has no name to copy under")
            : name;
    }
}
