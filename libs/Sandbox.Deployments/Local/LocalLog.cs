using System.Runtime.CompilerServices;
using Sandbox.Domain.Operators;

namespace Sandbox.Deployments.Local;

/// <summary>The log file of a Local sandbox. Of a longer one, only the last mebibyte is shown: as much as Docker keeps of a
/// container's.</summary>
internal static class LocalLog
{
    private const int MostBytes = 1024 * 1024;
    private const int PieceBytes = 16 * 1024;

    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Null when there is no such file.</summary>
    /// <param name="isAlive">Whether something still writes it.</param>
    public static SandboxLog? TryOpen(string path, LogQuery query, Func<bool> isAlive, TimeProvider time)
    {
        FileStream file;
        try
        {
            file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        return new SandboxLog(ReadAsync(file, query, isAlive, time), file);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        FileStream file, LogQuery query, Func<bool> isAlive, TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        file.Position = Math.Max(0, file.Length - MostBytes);
        if (query.Tail is { } lines)
        {
            file.Position += await StartOfLastAsync(file, lines, cancellationToken);
        }

        var buffer = new byte[PieceBytes];
        while (true)
        {
            // Asked before the rest is read: what is written until then is read yet.
            var goesOn = query.Follow && isAlive();
            int count;
            while ((count = await file.ReadAsync(buffer, cancellationToken)) > 0)
            {
                yield return buffer.AsMemory(0, count);
            }

            if (!goesOn)
            {
                yield break;
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    /// <summary>Where the last lines begin, counted from the file's position, which stays.</summary>
    private static async Task<int> StartOfLastAsync(FileStream file, int lines, CancellationToken cancellationToken)
    {
        var begin = file.Position;
        var text = new byte[MostBytes];
        var length = await file.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancellationToken);
        file.Position = begin;
        if (lines == 0)
        {
            return length;
        }

        // The end of the last line begins none.
        var end = length > 0 && text[length - 1] == '\n' ? length - 1 : length;
        for (; lines > 0; lines--)
        {
            end = text.AsSpan(0, end).LastIndexOf((byte)'\n');
            if (end < 0)
            {
                return 0;
            }
        }

        return end + 1;
    }
}
