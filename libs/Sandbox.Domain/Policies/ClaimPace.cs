using System.Diagnostics;

namespace Sandbox.Domain.Policies;

/// <summary>
/// How soon a worker looks for jobs again. Each change wakes every worker, and most of them find nothing: so a look that follows
/// an empty one waits, longer each time, and one look serves all the changes that came meanwhile. The first look after a
/// while of quiet waits for nothing.
/// </summary>
public sealed class ClaimPace
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(4);

    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(32);

    private long _looked;

    /// <summary>From one look to the next; how busy the machine is decides it, and never a test's clock.</summary>
    public TimeSpan Pause { get; private set; }

    /// <summary>What was found tells that more may be there without another wake-up; until the rest.</summary>
    public bool IsMoreExpected { get; private set; }

    /// <param name="found">So many jobs.</param>
    /// <param name="limit">So many were asked for.</param>
    public void OnLooked(int found, int limit)
    {
        _looked = Stopwatch.GetTimestamp();
        IsMoreExpected = found > 0;
        Pause = found >= limit ? TimeSpan.Zero
            : found > 0 || Pause < Shortest ? Shortest
            : Pause * 2 < Longest ? Pause * 2
            : Longest;
    }

    /// <summary>Until the next look may begin.</summary>
    public Task RestAsync(CancellationToken cancellationToken)
    {
        IsMoreExpected = false;
        var left = Pause - Stopwatch.GetElapsedTime(_looked);
        return left > TimeSpan.Zero ? Task.Delay(left, TimeProvider.System, cancellationToken) : Task.CompletedTask;
    }
}
