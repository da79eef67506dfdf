namespace Sandbox.Agent.Sessions;

/// <summary>What the terminal of a session has said and nobody has taken yet. One writer, one reader.</summary>
internal sealed class SessionOutput
{
    /// <summary>Bytes of one command's output.</summary>
    public const int Limit = 16 * 1024 * 1024;

    /// <summary>Bytes kept while nobody waits for them: of a command that still runs, and of a shell at its prompt.</summary>
    public const int BusyLimit = 1024 * 1024, IdleLimit = 64 * 1024;

    private const int Initial = 8 * 1024;

    private readonly Lock _gate = new();
    private byte[] _bytes = new byte[Initial];
    private int _count;
    private Func<bool>? _look;

    /// <summary>Nothing will follow.</summary>
    public bool Ended { get; private set; }

    /// <summary>More came than is kept; the oldest bytes are gone.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>Bytes kept now.</summary>
    public int Keep { get; set; } = BusyLimit;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_count + bytes.Length > Keep)
            {
                Overflowed = true;
                Drop(Math.Max(_count / 2, Math.Min(_count, _count + bytes.Length - Keep)));
            }

            if (_count + bytes.Length > _bytes.Length)
            {
                Array.Resize(ref _bytes, Math.Max(_count + bytes.Length, _bytes.Length * 2));
            }

            bytes.CopyTo(_bytes.AsSpan(_count));
            _count += bytes.Length;
            Look();
        }
    }

    public void End()
    {
        lock (_gate)
        {
            Ended = true;
            Look();
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            (_count, Overflowed) = (0, false);
            if (_bytes.Length > Initial)
            {
                _bytes = new byte[Initial];
            }
        }
    }

    /// <summary>What is there now, at most so many bytes of its end.</summary>
    public byte[] Tail(int most)
    {
        lock (_gate)
        {
            return _bytes[Math.Max(0, _count - most).._count];
        }
    }

    /// <summary>Asks <paramref name="look"/> now and after each change until it has an answer; its argument is valid during the call
    /// only. It is asked before more is read, so that what it takes is never kept here.</summary>
    /// <returns>Null when the output ended or overflowed before.</returns>
    public async Task<T?> WaitAsync<T>(Look<T> look, CancellationToken cancellationToken)
        where T : class
    {
        var found = new TaskCompletionSource<T?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _look = () => TryAnswer(look, found);
            Look();
        }

        try
        {
            return await found.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _look = null;
            }
        }
    }

    /// <summary>Asks once.</summary>
    public T? TryTake<T>(Look<T> look)
        where T : class
    {
        lock (_gate)
        {
            return Overflowed ? null : Take(look);
        }
    }

    private bool TryAnswer<T>(Look<T> look, TaskCompletionSource<T?> found)
        where T : class
    {
        try
        {
            // What overflowed has lost its front, so that nothing found in it would be where it seems.
            var answer = Overflowed ? null : Take(look);
            return (answer is not null || Overflowed || Ended) && found.TrySetResult(answer);
        }
        catch (SessionFailure failure)
        {
            return found.TrySetException(failure);
        }
    }

    private void Look()
    {
        if (_look?.Invoke() == true)
        {
            _look = null;
        }
    }

    private T? Take<T>(Look<T> look)
        where T : class
    {
        var found = look(_bytes.AsSpan(0, _count), out var taken);
        Drop(taken);
        return found;
    }

    private void Drop(int count)
    {
        _bytes.AsSpan(count, _count - count).CopyTo(_bytes);
        _count -= count;
    }
}

/// <param name="taken">Bytes at the front that it uses up, with or without an answer.</param>
internal delegate T? Look<T>(ReadOnlySpan<byte> output, out int taken)
    where T : class;
