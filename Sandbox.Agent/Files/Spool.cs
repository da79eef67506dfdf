using Microsoft.Win32.SafeHandles;

namespace Sandbox.Agent.Files;

/// <summary>
/// Bytes that have to be kept until it is known what becomes of them. The agent's memory is the sandbox's, so only the first are kept in
/// it; the rest goes to a file without a name, or into memory after all where none can be had. For one user at a time.
/// </summary>
internal sealed class Spool : IDisposable
{
    private const int InMemory = 64 * 1024, First = 1024;

    // What found no place in the file.
    private readonly List<byte[]> _overflow = [];
    private byte[] _head = new byte[First];
    private int _headCount;
    private SafeFileHandle? _file;
    private long _fileCount;
    private long _overflowCount;
    private bool _withoutFile;

    public long Length => _headCount + _fileCount + _overflowCount;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var fits = Math.Min(bytes.Length, InMemory - _headCount);
        if (_headCount + fits > _head.Length)
        {
            Array.Resize(ref _head, Math.Min(InMemory, Math.Max(_headCount + fits, _head.Length * 2)));
        }

        bytes[..fits].CopyTo(_head.AsSpan(_headCount));
        _headCount += fits;
        bytes = bytes[fits..];
        if (!bytes.IsEmpty && !TryAppendToFile(bytes))
        {
            _overflow.Add(bytes.ToArray());
            _overflowCount += bytes.Length;
        }
    }

    /// <returns>Bytes read; 0 at the end.</returns>
    public int Read(long from, Span<byte> into)
    {
        if (from < _headCount)
        {
            var count = (int)Math.Min(into.Length, _headCount - from);
            _head.AsSpan((int)from, count).CopyTo(into);
            return count;
        }

        from -= _headCount;
        return from < _fileCount
            ? RandomAccess.Read(_file!, into[..(int)Math.Min(into.Length, _fileCount - from)], from)
            : ReadOverflow(from - _fileCount, into);
    }

    /// <summary>A view of it that can seek; the bytes stay the spool's.</summary>
    public Stream OpenRead() => new Reading(this);

    public void Clear()
    {
        _file?.Dispose();
        (_file, _headCount, _fileCount, _overflowCount) = (null, 0, 0, 0);
        _overflow.Clear();
    }

    public void Dispose() => Clear();

    private bool TryAppendToFile(ReadOnlySpan<byte> bytes)
    {
        if (_withoutFile)
        {
            return false;
        }

        try
        {
            _file ??= Unnamed();
            RandomAccess.Write(_file, bytes, _fileCount);
            _fileCount += bytes.Length;
            return true;
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            _withoutFile = true;
            return false;
        }
    }

    private static SafeFileHandle Unnamed()
    {
        var path = Path.Combine(Path.GetTempPath(), $".sandbox-spool-{Guid.NewGuid():N}");
        var file = OpenedFile.Create(path, 0x180);
        _ = FileCalls.UnlinkAt(FileCalls.CurrentFolder, path, 0);
        return file;
    }

    private int ReadOverflow(long from, Span<byte> into)
    {
        foreach (var piece in _overflow)
        {
            if (from < piece.Length)
            {
                var count = (int)Math.Min(into.Length, piece.Length - from);
                piece.AsSpan((int)from, count).CopyTo(into);
                return count;
            }

            from -= piece.Length;
        }

        return 0;
    }

    private sealed class Reading(Spool spool) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => spool.Length;

        public override long Position { get; set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = spool.Read(Position, buffer);
            Position += count;
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span));

        public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => Position + offset,
            _ => Length + offset,
        };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
