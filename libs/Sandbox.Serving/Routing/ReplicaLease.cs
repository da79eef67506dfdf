namespace Sandbox.Serving.Routing;

/// <summary>One request's place at a replica.</summary>
public sealed class ReplicaLease : IDisposable
{
    private readonly Action<RequestOutcome> _end;
    private int _isEnded;

    internal ReplicaLease(Replica replica, Action<RequestOutcome> end) => (Replica, _end) = (replica, end);

    public Replica Replica { get; }

    /// <summary>Gives the place back. Without effect the second time.</summary>
    public void End(RequestOutcome outcome)
    {
        if (Interlocked.Exchange(ref _isEnded, 1) == 0)
        {
            _end(outcome);
        }
    }

    /// <summary>As when the client has gone away.</summary>
    public void Dispose() => End(RequestOutcome.Abandoned);
}
