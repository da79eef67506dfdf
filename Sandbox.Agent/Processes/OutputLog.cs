using Sandbox.Agent.Activity;


namespace Sandbox.Agent.Processes;

/// <summary>
/// The last output of one process, and the readers of it. See README.md beside this file for the rules of loss and backpressure.
/// Bytes stand in segments as records (kind, length, bytes) that are never changed once written.
/// </summary>
internal sealed class OutputLog(TimeProvider time, AgentActivity activity)
{
    /// <summary>Bytes kept for replay, at most.</summary>
    internal const int Capacity = 1024 * 1024;

    /// <summary>Bytes by which the slowest reader may be behind before the process has to wait.</summary>
    internal const int Window = 256 * 1024;

    /// <summary>How long one stalled reader may hold back the others.</summary>
    internal static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly List<OutputReader> _readers = [];
    private OutputSegment? _first;
    private OutputSegment? _last;
    private int _kept;
    private bool _completed;
    private TaskCompletionSource? _progress;

    /// <summary>Readers attached now.</summary>
    internal int Readers
    {
        get
        {
            lock (_gate)
            {
                return _readers.Count;
            }
        }
    }

    /// <summary>Bytes written so far.</summary>
    internal long Written { get; private set; }

    /// <param name="replay">From the oldest output kept, else only what comes from now on.</param>
    internal OutputReader Attach(bool replay)
    {
        lock (_gate)
        {
            var reader = new OutputReader(this, _gate, replay ? _first : null, _last, Written - (replay ? _kept : 0));
            _readers.Add(reader);
            return reader;
        }
    }

    /// <summary>Waits while a reader is too far behind; without any reader never.</summary>
    internal async ValueTask AppendAsync(OutputKind kind, ReadOnlyMemory<byte> bytes)
    {
        activity.Touch();
        while (!TryAppend(kind, bytes.Span, out var progress))
        {
            await AwaitProgressAsync(progress);
        }
    }

    /// <summary>No more will come (what does is dropped); readers end when they have read all.</summary>
    internal void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            _progress?.TrySetResult();
            _readers.ForEach(reader => reader.Wake());
        }
    }

    internal bool IsCompleted_NeedsLock => _completed;

    internal OutputSegment? First_NeedsLock => _first;

    internal void Moved_NeedsLock() => _progress?.TrySetResult();

    internal void Detach(OutputReader reader)
    {
        lock (_gate)
        {
            _readers.Remove(reader);
            _progress?.TrySetResult();
        }
    }

    private bool TryAppend(OutputKind kind, ReadOnlySpan<byte> bytes, out Task progress)
    {
        lock (_gate)
        {
            if (_completed)
            {
                progress = Task.CompletedTask;
                return true;
            }

            if (_readers.Exists(reader => Lag(reader) > Window))
            {
                _progress = _progress is { Task.IsCompleted: false }
                    ? _progress : new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                progress = _progress.Task;
                return false;
            }

            Append_NeedsLock(kind, bytes);
            progress = Task.CompletedTask;
            return true;
        }
    }

    private async Task AwaitProgressAsync(Task progress)
    {
        var before = Positions();
        try
        {
            await progress.WaitAsync(StallLimit, time);
        }
        catch (TimeoutException)
        {
            CutOffStalled(before);
        }
    }

    private Dictionary<OutputReader, long> Positions()
    {
        lock (_gate)
        {
            return _readers.ToDictionary(reader => reader, reader => reader.Position);
        }
    }

    // Nobody waits for a single slow reader but the process; several readers do not have to suffer one that stands still.
    private void CutOffStalled(Dictionary<OutputReader, long> before)
    {
        lock (_gate)
        {
            var stalled = _readers.FindAll(reader => Lag(reader) > Window && before.GetValueOrDefault(reader, -1) == reader.Position);
            if (stalled.Count < _readers.Count)
            {
                stalled.ForEach(reader => reader.CutOff());
            }
        }
    }

    private long Lag(OutputReader reader) => reader.IsCutOff ? 0 : Written - reader.Position;

    private void Append_NeedsLock(OutputKind kind, ReadOnlySpan<byte> bytes)
    {
        Written += bytes.Length;
        while (!bytes.IsEmpty)
        {
            if (_last is null || !_last.HasRoom)
            {
                Extend_NeedsLock(bytes.Length);
            }

            var taken = _last!.Append(kind, bytes);
            _kept += taken;
            bytes = bytes[taken..];
        }

        _readers.ForEach(reader => reader.Wake());
    }

    private void Extend_NeedsLock(int wanted)
    {
        var segment = new OutputSegment(_last?.NextSize ?? OutputSegment.SizeFor(wanted));
        if (_last is null)
        {
            _first = segment;
        }
        else
        {
            _last.Next = segment;
        }

        _last = segment;
        // Counted by room taken, not by output, so that many tiny records do not outgrow the bound.
        var room = 0;
        for (var at = _first; at is not null; at = at.Next)
        {
            room += at.Size;
        }

        while (room > Capacity && _first != _last)
        {
            _kept -= _first!.Bytes;
            room -= _first.Size;
            _first = _first.Next;
        }
    }
}
