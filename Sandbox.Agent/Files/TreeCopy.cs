using System.Runtime.InteropServices;

namespace Sandbox.Agent.Files;

/// <summary>
/// Copies a file, a link or a folder with all below it, owners, modes and extended attributes included: the long way of a move between
/// two file systems. A copy that fails leaves nothing behind.
/// </summary>
internal static unsafe class TreeCopy
{
    private const int LongestAttribute = 65_536;

    public static void Copy(string source, string destination)
    {
        try
        {
            CopyEntry(source, destination);
        }
        catch
        {
            FileTree.Remove(destination);
            throw;
        }
    }

    private static void CopyEntry(string source, string destination)
    {
        var status = FileStatus.Of(source, follow: false);
        if (status.IsLink)
        {
            var target = OpenedFile.LinkText(source)
                ?? throw new FileFailure(FileFailureKind.NotFound, $"path '{source}' does not exist");
            Check(FileCalls.MakeLink(target, destination), destination);
        }
        else if (status.IsDirectory)
        {
            Check(FileCalls.MakeFolder(destination, 0x1C0), destination);
            foreach (var name in FolderNames.In(source))
            {
                CopyInner(SandboxPath.Join(source, name), SandboxPath.Join(destination, name));
            }
        }
        else if (status.IsRegular)
        {
            CopyContent(source, destination);
        }
        else
        {
            throw new FileFailure(
                FileFailureKind.Other, $"'{source}' is neither a file, a directory nor a link and cannot leave its file system");
        }

        FileTree.GiveTo(destination, new FileOwner(status.UserId, status.GroupId));
        if (!status.IsLink)
        {
            CopyAttributes(source, destination);
            Check(FileCalls.ChangeMode(destination, status.Mode & 0xFFF), destination);
        }
    }

    private static void CopyContent(string source, string destination)
    {
        using var from = FileReader.Open(source);
        if (FileStatus.Find(destination, follow: false) is { IsDirectory: false })
        {
            // A rename would replace it.
            _ = FileCalls.UnlinkAt(FileCalls.CurrentFolder, destination, 0);
        }

        using var to = new FileStream(OpenedFile.Create(destination, 0x180), FileAccess.Write, bufferSize: 0);
        try
        {
            from.CopyTo(to);
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, destination);
        }
    }

    /// <summary>What was removed since its folder was listed is not there to be copied.</summary>
    private static void CopyInner(string source, string destination)
    {
        try
        {
            CopyEntry(source, destination);
        }
        catch (FileFailure) when (FileStatus.Find(source, follow: false) is null)
        {
            FileTree.Remove(destination);
        }
    }

    /// <summary>As far as the other file system takes them.</summary>
    private static void CopyAttributes(string source, string destination)
    {
        foreach (var name in FileMetadata.NamesOf(source))
        {
            var value = NativeMemory.Alloc(LongestAttribute);
            try
            {
                var size = FileCalls.GetAttribute(source, name, (byte*)value, LongestAttribute);
                _ = size < 0 ? 0 : FileCalls.SetAttribute(destination, name, (byte*)value, (nuint)size, 0);
            }
            finally
            {
                NativeMemory.Free(value);
            }
        }
    }

    private static void Check(int result, string named)
    {
        if (result != 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), named);
        }
    }
}
