using System.Buffers;
using System.Runtime.InteropServices;

namespace Sandbox.Agent.Files;

/// <summary>
/// Writes a file as its bytes come. It appears (or changes) only once it is whole: until then it lies beside its target
/// and is removed when the writing fails.
/// </summary>
internal static class FileWriter
{
    private const int Busy = 16, CrossDevice = 18, BufferBytes = 81_920;

    /// <param name="path">Resolved. A link is followed, parents are made, mode and owner of a file that is there stay.</param>
    /// <param name="owner">Of what is newly made; null: the agent's own account.</param>
    /// <exception cref="FileFailure">Nothing was changed.</exception>
    public static async Task WriteAsync(string path, Stream content, FileOwner? owner, CancellationToken cancellationToken)
    {
        var target = FollowLinks(path);
        var before = FileStatus.Find(target, follow: true);
        if (before is { IsDirectory: true })
        {
            throw new FileFailure(FileFailureKind.IsDirectory, $"path is a directory: {path}");
        }

        if (before is { IsRegular: false })
        {
            await IntoPlaceAsync(target, content, cancellationToken);
            return;
        }

        FileTree.EnsureFolder(SandboxPath.Parent(target) ?? "/", owner);
        var partial = PartialFile.For(target, isNew: before is null);
        try
        {
            await FillAsync(partial, FileMode.CreateNew, path, content, cancellationToken);
            Finish(partial, before, owner);
            await PutInPlaceAsync(partial, target, cancellationToken);
        }
        finally
        {
            // Gone already when all went well.
            File.Delete(partial);
        }
    }

    private static string FollowLinks(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return path;
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, path);
        }
    }

    private static void Finish(string partial, FileStatus? before, FileOwner? owner)
    {
        FileTree.GiveTo(partial, before is { } old ? new FileOwner(old.UserId, old.GroupId) : owner);
        if (before is { } file)
        {
            File.SetUnixFileMode(partial, (UnixFileMode)(file.Mode & 0xFFF));
        }
    }

    private static async Task PutInPlaceAsync(string partial, string target, CancellationToken cancellationToken)
    {
        if (FileCalls.Rename(partial, target) == 0)
        {
            return;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error is not (Busy or CrossDevice))
        {
            throw FileFailure.FromErrorNumber(error, target);
        }

        // A file that is a mount of its own (as /etc/hosts in a container) cannot be replaced, only rewritten.
        await using var whole = new FileStream(partial, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        await IntoPlaceAsync(target, whole, cancellationToken);
    }

    private static Task IntoPlaceAsync(string target, Stream content, CancellationToken cancellationToken) =>
        FillAsync(target, FileMode.Truncate, target, content, cancellationToken);

    private static async Task FillAsync(string file, FileMode mode, string named, Stream content, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var output = Open(file, mode, named);
            int read;
            while ((read = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                await PutAsync(output, buffer.AsMemory(0, read), named, cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static FileStream Open(string file, FileMode mode, string named)
    {
        try
        {
            // Sharing everything: .NET would otherwise take a lock on it, which some file systems refuse.
            return new FileStream(file, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, named);
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
