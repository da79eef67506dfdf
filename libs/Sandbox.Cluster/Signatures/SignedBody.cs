using System.Security.Cryptography;

namespace Sandbox.Cluster.Signatures;

/// <summary>The body inside the frames of a signed one. No byte of a frame is given out before all of it is verified, and a body that ends
/// without its last frame ends with an <see cref="InvalidDataException"/>.</summary>
internal sealed class SignedBody(Stream frames, byte[] key) : ReadingStream
{
    private readonly IncrementalHash _hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
    private readonly byte[] _header = new byte[BodyFrame.HeaderSize];
    private byte[] _buffer = [];
    private ReadOnlyMemory<byte> _left;
    private ulong _number;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0)
        {
            return 0;
        }

        if (_left.Length == 0 && !_ended)
        {
            await NextAsync(cancellationToken);
        }

        var count = Math.Min(buffer.Length, _left.Length);
        _left[..count].CopyTo(buffer);
        _left = _left[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hmac.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask NextAsync(CancellationToken cancellationToken)
    {
        await ReadWholeAsync(_header, cancellationToken);
        var length = BodyFrame.LengthOf(_header);
        if (_buffer.Length < length)
        {
            _buffer = new byte[length];
        }

        await ReadWholeAsync(_buffer.AsMemory(0, length), cancellationToken);
        BodyFrame.Verify(_header, _hmac, _number++, _buffer.AsSpan(0, length));
        (_left, _ended) = (_buffer.AsMemory(0, length), length == 0);
        if (_ended && await frames.ReadAsync(_header, cancellationToken) > 0)
        {
            throw new InvalidDataException("A signed body goes on behind its end.");
        }
    }

    private async ValueTask ReadWholeAsync(Memory<byte> into, CancellationToken cancellationToken)
    {
        if (await frames.ReadAtLeastAsync(into, into.Length, throwOnEndOfStream: false, cancellationToken) < into.Length)
        {
            throw new InvalidDataException("A signed body was cut off.");
        }
    }
}
