using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Agent.Processes;

/// <summary>One reader of an <see cref="OutputLog"/>; not for several callers at once. Dispose it to leave.</summary>
internal sealed class OutputReader : IDisposable
{
    private readonly OutputLog _log;
    private readonly Lock _gate;
    private readonly CancellationTokenSource _cutOff = new();
    private OutputSegment? _segment;
    private int _at;
    private TaskCompletionSource? _waiting;

    /// <param name="from">The segment to read from its start; null: from the end of <paramref name="last"/> on.</param>
    internal OutputReader(OutputLog log, Lock gate, OutputSegment? from, OutputSegment? last, long position)
    {
        (_log, _gate, Position) = (log, gate, position);
        (_segment, _at) = from is not null ? (from, 0) : (last, last?.Used ?? 0);
    }

    /// <summary>Bytes of the log before the next one to read.</summary>
    internal long Position { get; private set; }

    /// <summary>Cancelled when this reader stood still for too long while others wanted to go on.</summary>
    internal CancellationToken CutOffToken => _cutOff.Token;

    internal bool IsCutOff => _cutOff.IsCancellationRequested;

    /// <summary>The next piece of output; its bytes stay valid.</summary>
    /// <returns>False when there is none now.</returns>
    internal bool TryRead(out OutputKind kind, out ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            return TryRead_NeedsLock(out kind, out bytes);
        }
    }

    /// <returns>True when there is output to read, false when all has been read and no more will come.</returns>
    internal async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task waiting;
            lock (_gate)
            {
                if (HasMore_NeedsLock())
                {
                    return true;
                }

                if (_log.IsCompleted_NeedsLock)
                {
                    return false;
                }

                _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting = _waiting.Task;
            }

            await waiting.WaitAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        _log.Detach(this);
        _cutOff.Dispose();
    }

    internal void Wake() => _waiting?.TrySetResult();

    internal void CutOff() => _ = _cutOff.CancelAsync();

    private bool TryRead_NeedsLock(out OutputKind kind, out ReadOnlyMemory<byte> bytes)
    {
        if (!HasMore_NeedsLock())
        {
            (kind, bytes) = (default, default);
            return false;
        }

        (kind, bytes) = _segment.Read(_at);
        _at += OutputSegment.Header + bytes.Length;
        Position += bytes.Length;
        _log.Moved_NeedsLock();
        return true;
    }

    [MemberNotNullWhen(true, nameof(_segment))]
    private bool HasMore_NeedsLock()
    {
        // A reader that came before the first output starts with the first segment.
        _segment ??= _log.First_NeedsLock;
        while (_segment is not null && _at == _segment.Used && _segment.Next is { } next)
        {
            (_segment, _at) = (next, 0);
        }

        return _segment is not null && _at < _segment.Used;
    }
}
