using System.Net.Sockets;

namespace Sandbox.Agent.Native;

/// <summary>A pipe's end or a terminal's master as a stream, waited for by the runtime's epoll loop, so that no thread blocks.</summary>
internal sealed class DescriptorStream : Stream
{
    private readonly Socket _socket;
    private readonly bool _terminal;

    /// <param name="terminal">The master of a terminal: it ends with EIO instead of an end of file.</param>
    internal DescriptorStream(int descriptor, bool terminal)
    {
        Descriptor = descriptor;
        _terminal = terminal;
        _socket = new Socket(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    internal int Descriptor { get; }

    /// <summary>Bytes that can be read at once.</summary>
    internal int Available => _socket.Available;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        }
        catch (SocketException) when (_terminal)
        {
            return 0;
        }
        catch (SocketException exception)
        {
            throw new IOException("The pipe cannot be read.", exception);
        }
    }

    /// <exception cref="IOException">Nobody reads the other end any more.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            while (!buffer.IsEmpty)
            {
                buffer = buffer[await _socket.SendAsync(buffer, SocketFlags.None, cancellationToken)..];
            }
        }
        catch (SocketException exception)
        {
            throw new IOException("Nobody reads the other end.", exception);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read asynchronously.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Write asynchronously.");

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _socket.Dispose();
        }

        base.Dispose(disposing);
    }
}
