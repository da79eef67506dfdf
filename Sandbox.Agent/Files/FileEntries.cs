using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Files;

/// <summary>Describes what lies at a path.</summary>
internal static class FileEntries
{
    /// <param name="path">Resolved; it is reported as it is given.</param>
    public static EntryInfo Describe(string path, OwnerNames names) => Describe(path, FileStatus.Of(path, follow: false), names);

    /// <summary>Null when it is gone.</summary>
    public static EntryInfo? TryDescribe(string path, OwnerNames names) =>
        FileStatus.Find(path, follow: false) is { } status ? Describe(path, status, names) : null;

    private static EntryInfo Describe(string path, FileStatus status, OwnerNames names)
    {
        // A link is shown with its target's type and mode; one that leads nowhere stays a link.
        var target = status.IsLink ? Target(path) : status;
        return new EntryInfo
        {
            Name = SandboxPath.Name(path),
            Path = path,
            Type = TypeOf(target ?? status),
            Size = status.Size,
            Mode = (target ?? status).Permissions,
            Permissions = status.GoPermissions(),
            Owner = names.User(status.UserId),
            Group = names.Group(status.GroupId),
            ModifiedTime = status.Modified,
            SymlinkTarget = status.IsLink ? FinalTarget(path) : null,
            Metadata = target is { IsRegular: true } or { IsDirectory: true } ? FileMetadata.Read(path) : null,
        };
    }

    private static FileType TypeOf(FileStatus status) =>
        status.IsDirectory ? FileType.FILE_TYPE_DIRECTORY
        : status.IsRegular ? FileType.FILE_TYPE_FILE
        : status.IsLink ? FileType.FILE_TYPE_SYMLINK
        : FileType.FILE_TYPE_UNSPECIFIED;

    private static FileStatus? Target(string link)
    {
        try
        {
            return FileStatus.Find(link, follow: true);
        }
        catch (FileFailure)
        {
            // A loop of links, or one into a folder that may not be entered: shown as the link it is.
            return null;
        }
    }

    /// <summary>Where the kernel gets to; of a link that leads nowhere what it says.</summary>
    private static string FinalTarget(string link) =>
        OpenedFile.RealPath(link)
        ?? (OpenedFile.LinkText(link) is { } text
            ? SandboxPath.Resolve(text, OpenedFile.RealPath(SandboxPath.Parent(link) ?? "/") ?? "/") : link);
}
