namespace Sandbox.Domain.Operators;

/// <summary>A log that is being read, bytes as they were written; dispose it when it is not read any more.</summary>
/// <param name="pieces">To be enumerated once. A piece is good until the next one is asked for. Throws <see cref="IOException"/> when the
/// log breaks off before its end.</param>
/// <param name="source">What the pieces come from; null: nothing is held.</param>
public sealed class SandboxLog(IAsyncEnumerable<ReadOnlyMemory<byte>> pieces, IDisposable? source) : IDisposable
{
    /// <summary>What <see cref="Errors.SandboxError.Unsupported"/> says of a sandbox whose log cannot be read.</summary>
    public const string Reading = "reading the log";

    public IAsyncEnumerable<ReadOnlyMemory<byte>> Pieces { get; } = pieces;

    /// <summary>The log that a stream carries.</summary>
    public static SandboxLog Of(Stream stream) => new(ReadAsync(stream), stream);

    public void Dispose() => source?.Dispose();

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        Stream stream, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            yield return buffer.AsMemory(0, count);
        }
    }
}
