namespace Sandbox.Cluster;

/// <summary>Lets one log line pass in each <see cref="Interval"/> and counts the others: what strangers cause must not fill a
/// log.</summary>
public sealed class LogThrottle(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long? _last;
    private long _suppressed;

    /// <param name="suppressed">How many lines did not pass since the last one that did.</param>
    public bool TryPass(out long suppressed)
    {
        lock (_gate)
        {
            suppressed = _suppressed;
            if (_last is { } last && time.GetElapsedTime(last) < Interval)
            {
                _suppressed++;
                return false;
            }

            (_last, _suppressed) = (time.GetTimestamp(), 0);
            return true;
        }
    }
}
