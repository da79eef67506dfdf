namespace Sandbox.Agent.Files;

/// <summary>Opens files for reading.</summary>
internal static class FileReader
{
    /// <param name="path">Resolved.</param>
    public static FileStream Open(string path) => Open(path, out _);

    /// <inheritdoc cref="Open(string)"/>
    public static FileStream Open(string path, out FileStatus status)
    {
        // Before it is opened: a device may do something then.
        ThrowIfSpecial(path, FileStatus.Of(path, follow: true));
        (var handle, status) = OpenedFile.Open(path, FileCalls.ReadOnly);
        try
        {
            ThrowIfSpecial(path, status);
            return new FileStream(handle, FileAccess.Read, bufferSize: 0);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Reads on; at the end 0.</summary>
    public static async ValueTask<int> ReadAsync(Stream file, Memory<byte> buffer, string path, CancellationToken cancellationToken)
    {
        try
        {
            return await file.ReadAsync(buffer, cancellationToken);
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, path);
        }
    }

    private static void ThrowIfSpecial(string path, FileStatus status)
    {
        OpenedFile.ThrowIfUnfit(path, status);
        if (!status.IsRegular)
        {
            // A device may never end.
            throw new FileFailure(FileFailureKind.Other, $"path is not a regular file: {path}");
        }
    }
}
