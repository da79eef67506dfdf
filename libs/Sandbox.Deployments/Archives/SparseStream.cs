namespace Sandbox.Deployments.Archives;

/// <summary>Writes to a new file and leaves a hole where it would write nothing but zeros: what stands in for the holes of a sandbox's
/// files costs no disk here.</summary>
internal sealed class SparseStream(FileStream file) : Stream
{
    private const int Piece = 64 << 10;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => file.Length;

    public override long Position
    {
        get => file.Position;
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        for (var end = offset + count; offset < end; offset += Piece)
        {
            var piece = buffer.AsSpan(offset, Math.Min(Piece, end - offset));
            if (!TrySkip(piece))
            {
                file.Write(piece);
            }
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        for (var offset = 0; offset < buffer.Length; offset += Piece)
        {
            var piece = buffer.Slice(offset, Math.Min(Piece, buffer.Length - offset));
            if (!TrySkip(piece.Span))
            {
                await file.WriteAsync(piece, cancellationToken);
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => file.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => file.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private bool TrySkip(ReadOnlySpan<byte> bytes)
    {
        if (bytes.ContainsAnyExcept((byte)0))
        {
            return false;
        }

        file.SetLength(file.Position + bytes.Length);
        file.Position += bytes.Length;
        return true;
    }
}
