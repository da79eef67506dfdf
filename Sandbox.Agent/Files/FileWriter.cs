using System.Buffers;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sandbox.Agent.Files;

/// <summary>
/// Writes a file as its bytes come. A new one appears once it is whole. One that is there keeps its inode, and with it its other
/// names, owner, mode and attributes, as with a shell's <c>&gt;</c>; it is touched only once all bytes are here and have their place.
/// </summary>
internal static class FileWriter
{
    private const int KeepSize = 1, NoSpace = 28, QuotaExceeded = 122, TooBig = 27, BufferBytes = 81_920;

    /// <inheritdoc cref="WriteAsync(string, Stream, FileOwner?, uint?, CancellationToken)"/>
    public static Task WriteAsync(string path, Stream content, FileOwner? owner, CancellationToken cancellationToken) =>
        WriteAsync(path, content, owner, mode: null, cancellationToken);

    /// <param name="path">Resolved. The kernel follows its links; parents are made.</param>
    /// <param name="content">One that can seek is here as a whole already.</param>
    /// <param name="owner">Of what is newly made; null: the agent's own account.</param>
    /// <param name="mode">Permission bits, which no moment of the file lacks; null: as they are, or as the umask leaves them.</param>
    public static async Task WriteAsync(
        string path, Stream content, FileOwner? owner, uint? mode, CancellationToken cancellationToken)
    {
        var before = FileStatus.Find(path, follow: true);
        if (before is { } there)
        {
            OpenedFile.ThrowIfUnfit(path, there);
        }

        if (before is { IsRegular: false })
        {
            await IntoDeviceAsync(path, content, cancellationToken);
        }
        else if (before is null && FileStatus.Find(path, follow: false) is null)
        {
            await CreateAsync(path, content, owner, mode, cancellationToken);
        }
        else if (content.CanSeek)
        {
            await OverwriteAsync(path, content, owner, mode, cancellationToken);
        }
        else
        {
            await SpoolAndOverwriteAsync(path, content, owner, mode, cancellationToken);
        }
    }

    private static async Task CreateAsync(string path, Stream content, FileOwner? owner, uint? mode, CancellationToken cancellationToken)
    {
        FileTree.EnsureFolder(SandboxPath.Parent(path) ?? "/", owner);
        var partial = PartialFile.For(path);
        try
        {
            await using (var file = new FileStream(Created(partial, mode, path), FileAccess.Write, bufferSize: 0))
            {
                FileTree.GiveTo(partial, owner);
                await CopyAsync(content, file, path, cancellationToken);
            }

            if (FileCalls.Rename(partial, path) != 0)
            {
                throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), path);
            }
        }
        finally
        {
            // Gone already when all went well.
            _ = FileCalls.UnlinkAt(FileCalls.CurrentFolder, partial, 0);
        }
    }

    private static async Task SpoolAndOverwriteAsync(
        string path, Stream content, FileOwner? owner, uint? mode, CancellationToken cancellationToken)
    {
        await using var spool = Spool(path);
        await CopyAsync(content, spool, path, cancellationToken);
        spool.Position = 0;
        await OverwriteAsync(path, spool, owner, mode, cancellationToken);
    }

    private static async Task OverwriteAsync(
        string path, Stream whole, FileOwner? owner, uint? mode, CancellationToken cancellationToken)
    {
        // It makes the target of a link that leads nowhere yet.
        var existed = FileStatus.Find(path, follow: true) is not null;
        var (handle, before) = OpenedFile.Open(path, FileCalls.WriteOnly | FileCalls.Create, 0x1B6);
        await using var file = new FileStream(handle, FileAccess.Write, bufferSize: 0);
        if (!existed)
        {
            FileTree.GiveTo(handle, path, owner);
        }

        OpenedFile.SetMode(handle, mode);
        var length = whole.Length - whole.Position;
        if (length > before.Allocated)
        {
            Reserve(handle, path, length);
        }

        await CopyAsync(whole, file, path, cancellationToken);
        if (length < before.Size && FileCalls.Truncate((int)handle.DangerousGetHandle(), length) != 0)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), path);
        }
    }

    private static async Task IntoDeviceAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        var (handle, _) = OpenedFile.Open(path, FileCalls.WriteOnly);
        await using var device = new FileStream(handle, FileAccess.Write, bufferSize: 0);
        await CopyAsync(content, device, path, cancellationToken);
    }

    /// <summary>So that a full disk is told before the old content is touched. Where a file system cannot, writing tells.</summary>
    private static void Reserve(SafeFileHandle handle, string path, long length)
    {
        if (FileCalls.Reserve((int)handle.DangerousGetHandle(), KeepSize, 0, length) != 0
            && Marshal.GetLastPInvokeError() is NoSpace or QuotaExceeded or TooBig)
        {
            throw FileFailure.FromErrorNumber(Marshal.GetLastPInvokeError(), path);
        }
    }

    private static SafeFileHandle Created(string partial, uint? mode, string named)
    {
        try
        {
            return OpenedFile.Create(partial, mode);
        }
        catch (FileFailure failure)
        {
            throw new FileFailure(
                failure.Kind, failure.Message.Replace(partial, named, StringComparison.Ordinal), failure);
        }
    }

    /// <summary>Beside the file, where there is room for it; a folder that takes no files (as those of /proc) has it elsewhere.</summary>
    private static FileStream Spool(string path)
    {
        foreach (var name in (string[])[PartialFile.For(path), PartialFile.For(Path.Combine(Path.GetTempPath(), "x"))])
        {
            try
            {
                var handle = OpenedFile.Create(name, 0x180);
                _ = FileCalls.UnlinkAt(FileCalls.CurrentFolder, name, 0);
                return new FileStream(handle, FileAccess.ReadWrite, bufferSize: 0);
            }
            catch (FileFailure)
            {
                // The next place.
            }
        }

        throw new FileFailure(FileFailureKind.NoSpace, $"there is no folder that can take what is to become '{path}'");
    }

    private static async Task CopyAsync(Stream from, FileStream to, string named, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await PutAsync(to, buffer.AsMemory(0, read), named, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Only the writing: what the reading side throws is about the caller's connection, not about the file.
    private static async ValueTask PutAsync(
        FileStream output, ReadOnlyMemory<byte> bytes, string named, CancellationToken cancellationToken)
    {
        try
        {
            await output.WriteAsync(bytes, cancellationToken);
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, named);
        }
    }
}
