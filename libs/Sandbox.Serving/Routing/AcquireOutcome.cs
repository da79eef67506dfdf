namespace Sandbox.Serving.Routing;

/// <summary>Whether a request may go to a replica.</summary>
public abstract record AcquireOutcome
{
    /// <summary>To this one. Disposing the lease ends it.</summary>
    public sealed record Acquired(ReplicaLease Lease) : AcquireOutcome;

    /// <summary>Too many wait already: HTTP 429.</summary>
    public sealed record QueueFull(TimeSpan RetryAfter) : AcquireOutcome;

    /// <summary>No replica could take it in time, or each has been tried: HTTP 503.</summary>
    public sealed record Unavailable(TimeSpan RetryAfter) : AcquireOutcome;

    /// <summary>There is no such model: HTTP 404.</summary>
    public sealed record UnknownModel(string Model) : AcquireOutcome;

    private AcquireOutcome()
    {
    }
}
