namespace Sandbox.Agent.Sessions;

/// <summary>What the terminal of a session has said and nobody has taken yet. One writer, one reader.</summary>
internal sealed class SessionOutput
{
    /// <summary>Bytes of one command's output.</summary>
    public const int Limit = 16 * 1024 * 1024;

    /// <summary>Bytes kept while nobody waits for them.</summary>
    public const int IdleLimit = 64 * 1024;

    private const int Initial = 8 * 1024;

    private readonly Lock _gate = new();
    private byte[] _bytes = new byte[Initial];
    private int _count;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Nothing will follow.</summary>
    public bool Ended { get; private set; }

    /// <summary>More came than is kept; the oldest bytes are gone.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>Bytes kept now.</summary>
    public int Keep { get; set; } = Limit;

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
            Announce();
        }
    }

    public void End()
    {
        lock (_gate)
        {
            Ended = true;
            Announce();
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

    /// <summary>Asks <paramref name="look"/> now and after each change until it has an answer; its argument is valid during the call
    /// only.</summary>
    /// <returns>Null when the output ended or overflowed before.</returns>
    public async Task<T?> WaitAsync<T>(Look<T> look, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                // What overflowed has lost its front, so that nothing found in it would be where it seems.
                if (Overflowed)
                {
                    return null;
                }

                if (Take(look) is { } found)
                {
                    return found;
                }

                if (Ended)
                {
                    return null;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
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

    private T? Take<T>(Look<T> look)
        where T : class
    {
        var found = look(_bytes.AsSpan(0, _count), out var taken);
        if (found is not null)
        {
            Drop(taken);
        }

        return found;
    }

    private void Announce()
    {
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private void Drop(int count)
    {
        _bytes.AsSpan(count, _count - count).CopyTo(_bytes);
        _count -= count;
    }
}

/// <param name="taken">Bytes at the front that the answer uses up.</param>
internal delegate T? Look<T>(ReadOnlySpan<byte> output, out int taken)
    where T : class;
