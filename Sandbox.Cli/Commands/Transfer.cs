using Sandbox.Cli.Processes;
using Sandbox.Client;
using Sandbox.Client.Files;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary>Files and whole folders, in and out, streamed. As <c>cp</c>: into a folder that is there, else under the new
/// name. Links to folders are left out, and a program stays executable.</summary>
internal sealed class Transfer(SandboxClient client, SandboxId id)
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const uint ExecutableBits = 0b001_001_001;

    private readonly SandboxFiles _files = client.Files(id);

    /// <summary>Bytes copied so far.</summary>
    public long Bytes { get; private set; }

    public async Task InAsync(string local, string path, CancellationToken cancellationToken)
    {
        var intoFolder = path.EndsWith('/') || await IsFolderAsync(path, cancellationToken);
        var target = intoFolder ? Join(path, Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(local)))) : path;
        await CopyInAsync(local, target, cancellationToken);
    }

    public async Task OutAsync(string path, string local, CancellationToken cancellationToken)
    {
        var entry = await _files.StatAsync(path, cancellationToken);
        await CopyOutAsync(entry, path, Directory.Exists(local) ? Path.Combine(local, SafeName(path)) : local, cancellationToken);
    }

    private async Task CopyInAsync(string local, string path, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(local))
        {
            await UploadAsync(local, path, cancellationToken);
            return;
        }

        await EnsureFolderAsync(path, cancellationToken);
        foreach (var entry in new DirectoryInfo(local).EnumerateFileSystemInfos())
        {
            if (entry is FileInfo { Exists: true } or DirectoryInfo { LinkTarget: null })
            {
                await CopyInAsync(entry.FullName, Join(path, entry.Name), cancellationToken);
            }
        }
    }

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
            if (child.Type is FileType.FILE_TYPE_FILE || (child.Type is FileType.FILE_TYPE_DIRECTORY && child.SymlinkTarget is null))
            {
                // Names come from inside the sandbox: only a plain name may become one here.
                await CopyOutAsync(child, Join(path, child.Name), Path.Combine(local, SafeName(child.Name)), cancellationToken);
            }
        }
    }

    private async Task UploadAsync(string local, string path, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(local);
        Bytes += content.Length;
        await _files.UploadAsync(path, content, cancellationToken);
        if ((File.GetUnixFileMode(local) & Executable) != 0)
        {
            await MakeExecutableAsync(path, cancellationToken);
        }
    }

    private async Task DownloadAsync(EntryInfo entry, string path, string local, CancellationToken cancellationToken)
    {
        await using var content = await _files.OpenReadAsync(path, cancellationToken);
        await using var file = File.Create(local);
        await content.CopyToAsync(file, cancellationToken);
        Bytes += file.Position;
        if ((entry.Mode & ExecutableBits) != 0)
        {
            File.SetUnixFileMode(file.SafeFileHandle, File.GetUnixFileMode(file.SafeFileHandle) | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The file protocol carries no mode. An image without <c>chmod</c> leaves the file as it is.</summary>
    private async Task MakeExecutableAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            var request = CommandStart.Request(["chmod", "a+x", "--", path], new Dictionary<string, string>(), cwd: null);
            await using var process = await client.Processes(id).StartAsync(request, cancellationToken);
            await foreach (var _ in process.ReadAllAsync(cancellationToken))
            {
            }
        }
        catch (SandboxClientException exception) when (exception.Code is "not_found" or "permission_denied")
        {
        }
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

    private async Task EnsureFolderAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await _files.MakeFolderAsync(path, cancellationToken);
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
