namespace Sandbox.Agent.Files;

/// <summary>Copies a file, a link or a folder with all below it: the long way of a move between two file systems.</summary>
internal static class TreeCopy
{
    public static void Copy(string source, string destination)
    {
        var status = FileStatus.Of(source, follow: false);
        if (status.IsLink)
        {
            var target = new FileInfo(source).LinkTarget
                ?? throw new FileFailure(FileFailureKind.NotFound, $"path '{source}' does not exist");
            File.CreateSymbolicLink(destination, target);
        }
        else if (status.IsDirectory)
        {
            Directory.CreateDirectory(destination);
            foreach (var entry in new DirectoryInfo(source).EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 }))
            {
                CopyEntry(SandboxPath.Join(source, entry.Name), SandboxPath.Join(destination, entry.Name));
            }
        }
        else if (status.IsRegular)
        {
            File.Copy(source, destination, overwrite: true);
        }
        else
        {
            throw new FileFailure(
                FileFailureKind.Other, $"'{source}' is neither a file, a directory nor a link and cannot leave its file system");
        }

        FileTree.GiveTo(destination, new FileOwner(status.UserId, status.GroupId));
        if (!status.IsLink)
        {
            File.SetUnixFileMode(destination, (UnixFileMode)(status.Mode & 0xFFF));
        }
    }

    /// <summary>What was removed since its folder was listed is not there to be copied.</summary>
    private static void CopyEntry(string source, string destination)
    {
        try
        {
            Copy(source, destination);
        }
        catch (Exception exception) when (exception is FileFailure or IOException && FileStatus.Find(source, follow: false) is null)
        {
            FileTree.Remove(destination);
        }
    }
}
