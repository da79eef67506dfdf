namespace Sandbox.Agent.Files;

/// <summary>Opens files for reading, or reads small ones whole.</summary>
internal static class FileReader
{
    /// <param name="path">Resolved.</param>
    public static FileStream Open(string path)
    {
        var status = FileStatus.Of(path, follow: true);
        if (status.IsDirectory)
        {
            throw new FileFailure(FileFailureKind.IsDirectory, $"path is a directory: {path}");
        }

        if (!status.IsRegular)
        {
            // Opening a pipe waits for its writer, a device may never end.
            throw new FileFailure(FileFailureKind.Other, $"path is not a regular file: {path}");
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            throw FileFailure.From(exception, path);
        }
    }

    /// <param name="maxBytes">A larger file is refused.</param>
    public static async Task<byte[]> ReadAsync(string path, int maxBytes, CancellationToken cancellationToken)
    {
        await using var file = Open(path);
        var content = new MemoryStream();
        var buffer = new byte[Math.Clamp(file.Length + 1, 4096, 81_920)];

        // To the end rather than to the length: files of /proc say 0.
        int read;
        while ((read = await ReadSomeAsync(file, buffer, path, cancellationToken)) > 0)
        {
            if (content.Length + read > maxBytes)
            {
                throw new FileFailure(FileFailureKind.TooLarge, $"file '{path}' is larger than {maxBytes} bytes; download it instead");
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }

    private static async ValueTask<int> ReadSomeAsync(FileStream file, byte[] buffer, string path, CancellationToken cancellationToken)
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
}
