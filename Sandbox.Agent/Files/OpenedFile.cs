using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Files;

/// <summary>Opens what a path names as the kernel resolves it, and never waits for the other end of a pipe.</summary>
internal static class OpenedFile
{
    private const int NoDevice = 6, NoSuchDevice = 19;

    /// <param name="mode">Of a file that this makes.</param>
    /// <returns>What it has open: nothing that is a folder, a pipe or a socket.</returns>
    public static (SafeFileHandle Handle, FileStatus Status) Open(string path, int flags, uint mode = 0)
    {
        var descriptor = FileCalls.OpenAt(
            FileCalls.CurrentFolder, path, flags | FileCalls.NonBlocking | FileCalls.NoTerminal | FileCalls.CloseOnExec, mode);
        if (descriptor < 0)
        {
            var error = Marshal.GetLastPInvokeError();

            // A pipe that nobody reads, or a socket.
            throw error is NoDevice or NoSuchDevice ? Special(path) : FileFailure.FromErrorNumber(error, path);
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            var status = FileStatus.Of(descriptor, path);
            ThrowIfUnfit(path, status);
            FileCalls.MakeBlocking(descriptor);
            return (handle, status);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>A new file, open for both ways.</summary>
    /// <param name="mode">Null: what the umask leaves.</param>
    public static SafeFileHandle Create(string path, uint? mode)
    {
        var (handle, _) = Open(path, FileCalls.ReadWrite | FileCalls.Create | FileCalls.Exclusive, mode ?? 0x1B6);
        SetMode(handle, mode);
        return handle;
    }

    /// <param name="mode">Null: as it is.</param>
    public static void SetMode(SafeFileHandle handle, uint? mode)
    {
        if (mode is { } bits)
        {
            _ = FileCalls.ChangeModeOf((int)handle.DangerousGetHandle(), bits);
        }
    }

    /// <summary>The absolute path without links of a file that is there; null where it is not, or cannot be told.</summary>
    public static unsafe string? RealPath(string path)
    {
        var descriptor = FileCalls.OpenAt(FileCalls.CurrentFolder, path, FileCalls.PathOnly | FileCalls.CloseOnExec, 0);
        if (descriptor < 0)
        {
            return null;
        }

        var real = LinkText($"/proc/self/fd/{descriptor}");
        _ = Libc.Close(descriptor);
        return real is ['/', ..] ? real : null;
    }

    /// <summary>What a link says; null when it is none.</summary>
    public static unsafe string? LinkText(string link)
    {
        var buffer = stackalloc byte[4096];
        var size = FileCalls.ReadLink(link, buffer, 4096);
        return size < 0 ? null : Contracts.Wire.FileNameText.Decode(new ReadOnlySpan<byte>(buffer, (int)size));
    }

    /// <exception cref="FileFailure">It is no file with bytes in it.</exception>
    public static void ThrowIfUnfit(string path, FileStatus status)
    {
        if (status.IsDirectory)
        {
            throw new FileFailure(FileFailureKind.IsDirectory, $"path is a directory: {path}");
        }

        if (status.IsPipeOrSocket)
        {
            throw Special(path);
        }
    }

    private static FileFailure Special(string path) =>
        new(FileFailureKind.Other, $"'{path}' is a named pipe, a socket or a device without a driver, not a file");
}
