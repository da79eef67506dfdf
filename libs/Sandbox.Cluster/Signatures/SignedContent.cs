using System.Net;
using System.Security.Cryptography;

namespace Sandbox.Cluster.Signatures;

/// <summary>A body whose pieces are signed as they are sent, so that it may be of any length and is never held as a whole.</summary>
public sealed class SignedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly byte[] _key;

    internal SignedContent(HttpContent inner, byte[] key)
    {
        (_inner, _key) = (inner, key);
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            if (!name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values);
            }
        }
    }

    /// <summary>The content without the frames that signing put around it.</summary>
    public static HttpContent? Original(HttpContent? content) => content is SignedContent signed ? signed._inner : content;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var frames = new FrameWriter(stream, _key);
        await _inner.CopyToAsync(frames, context, cancellationToken);
        await frames.EndAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed class FrameWriter(Stream output, byte[] key) : Stream
    {
        private readonly IncrementalHash _hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        private readonly byte[] _header = new byte[BodyFrame.HeaderSize];
        private ulong _number;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (; buffer.Length > 0; buffer = buffer[Math.Min(buffer.Length, BodyFrame.Largest)..])
            {
                await WriteFrameAsync(buffer[..Math.Min(buffer.Length, BodyFrame.Largest)], cancellationToken);
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public ValueTask EndAsync(CancellationToken cancellationToken) => WriteFrameAsync(ReadOnlyMemory<byte>.Empty, cancellationToken);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _hmac.Dispose();
            base.Dispose(disposing);
        }

        private async ValueTask WriteFrameAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
        {
            BodyFrame.WriteHeader(_header, _hmac, _number++, bytes.Span);
            await output.WriteAsync(_header, cancellationToken);
            if (bytes.Length > 0)
            {
                await output.WriteAsync(bytes, cancellationToken);
            }
        }
    }
}
