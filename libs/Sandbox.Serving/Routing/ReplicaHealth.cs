namespace Sandbox.Serving.Routing;

/// <summary>Whether a replica gets requests, by how those before ended. For one caller at a time.</summary>
internal sealed class ReplicaHealth(RoutingOptions options, TimeProvider time)
{
    private int _failures;
    private int _ejections;
    private long _ejectedAt;
    private TimeSpan _ejectedFor;

    /// <summary>It was ejected and has answered nothing since.</summary>
    public bool IsOnTrial => _ejections > 0;

    /// <summary>It gets no request.</summary>
    public bool IsEjected => TimeUntilTrial > TimeSpan.Zero;

    /// <summary>How long it gets no request; not positive when it gets some.</summary>
    public TimeSpan TimeUntilTrial => IsOnTrial ? _ejectedFor - time.GetElapsedTime(_ejectedAt) : TimeSpan.Zero;

    /// <returns>Whether it was ejected by that.</returns>
    public bool Report(RequestOutcome outcome)
    {
        // Nobody sent it a request meanwhile; a health check may be wrong about requests.
        if (IsEjected || outcome is RequestOutcome.Abandoned)
        {
            return false;
        }

        if (outcome is RequestOutcome.Answered)
        {
            (_failures, _ejections) = (0, 0);
            return false;
        }

        _failures++;
        if (outcome is RequestOutcome.Failed && !IsOnTrial && _failures < options.FailuresToEject)
        {
            return false;
        }

        var doubled = options.EjectionTime * Math.Pow(2, Math.Min(_ejections, 30));
        (_ejections, _failures) = (_ejections + 1, 0);
        (_ejectedAt, _ejectedFor) = (time.GetTimestamp(), doubled < options.LongestEjection ? doubled : options.LongestEjection);
        return true;
    }
}
