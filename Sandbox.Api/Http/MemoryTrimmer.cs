using System.Runtime;

namespace Sandbox.Api.Http;

/// <summary>Has the garbage collector look for what large bodies and answers left. By itself it does so when about as much again was
/// allocated: under a burst the memory of several lies there beside that of the present one, and after it a process that has become idle
/// allocates nothing and keeps all of it.</summary>
internal sealed class MemoryTrimmer : IDisposable
{
    /// <summary>What may lie there while others come, bytes.</summary>
    internal const long Most = 32 * 1024 * 1024;

    /// <summary>What must have been given back for a process that has become quiet to look again, bytes.</summary>
    internal const long Least = 16 * 1024 * 1024;

    /// <summary>How long no more than that was given back before the memory goes back to the machine.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>A second time, for the arrays that pools hold: a pool lets go of one at a collection that finds it unused for 30 s since
    /// another collection. A third one frees these.</summary>
    internal static readonly TimeSpan PoolAge = TimeSpan.FromSeconds(31);

    private static readonly TimeSpan[] Delays = [Quiet, PoolAge, Quiet, Timeout.InfiniteTimeSpan];

    private readonly Lock _lock = new();
    private readonly Action<bool> _collect;
    private readonly ITimer _timer;
    private long _uncollected, _untrimmed;
    private int _trims;

    /// <param name="collect"><see cref="Collect"/>, where it is not to be counted only.</param>
    public MemoryTrimmer(TimeProvider time, Action<bool> collect)
    {
        _collect = collect;
        _timer = time.CreateTimer(
            static trimmer => ((MemoryTrimmer)trimmer!).Trim(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="trim">Everything, also what pools hold too long, and what is free then goes back to the machine. Otherwise beside the
    /// work of others, where the runtime is set up for that.</param>
    public static void Collect(bool trim)
    {
        if (trim)
        {
            GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
        else
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        }
    }

    /// <summary>So many bytes are not held any more.</summary>
    public void Released(long bytes)
    {
        lock (_lock)
        {
            _untrimmed += bytes;
            if (_untrimmed >= Least)
            {
                _trims = 0;
                _timer.Change(Delays[0], Timeout.InfiniteTimeSpan);
            }

            _uncollected += bytes;
            if (_uncollected < Most)
            {
                return;
            }

            _uncollected = 0;
        }

        _collect(false);
    }

    public void Dispose() => _timer.Dispose();

    private void Trim()
    {
        lock (_lock)
        {
            (_uncollected, _untrimmed) = (0, 0);
            _trims = Math.Min(_trims + 1, Delays.Length - 1);
            _timer.Change(Delays[_trims], Timeout.InfiniteTimeSpan);
        }

        _collect(true);
    }
}
