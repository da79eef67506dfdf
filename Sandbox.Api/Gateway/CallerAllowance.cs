namespace Sandbox.Api.Gateway;

/// <summary>What one key, or one tenant, may still ask of models. For any thread.</summary>
/// <param name="requestsPerMinute">0: any number. So for the others.</param>
internal sealed class CallerAllowance(int requestsPerMinute, int tokensPerMinute, int concurrent, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _requests = requestsPerMinute;
    private double _tokens = tokensPerMinute;
    private long _filled = time.GetTimestamp();
    private int _running;

    /// <summary>Takes a request's place, until <see cref="End"/>.</summary>
    /// <returns>After which time it may be tried again; null when it was taken.</returns>
    public TimeSpan? TryBegin()
    {
        lock (_lock)
        {
            Fill();
            if (concurrent > 0 && _running >= concurrent)
            {
                return TimeSpan.FromSeconds(1);
            }

            if (requestsPerMinute > 0 && _requests < 1)
            {
                return TimeSpan.FromMinutes((1 - _requests) / requestsPerMinute);
            }

            if (tokensPerMinute > 0 && _tokens <= 0)
            {
                return TimeSpan.FromMinutes((1 - _tokens) / tokensPerMinute);
            }

            _requests--;
            _running++;
            return null;
        }
    }

    /// <summary>Gives back what <see cref="TryBegin"/> took, as if the request had never come.</summary>
    public void Withdraw()
    {
        lock (_lock)
        {
            _requests++;
            _running--;
        }
    }

    /// <param name="tokens">What the request took; may be more than was left.</param>
    public void End(long tokens)
    {
        lock (_lock)
        {
            Fill();
            _tokens -= tokens;
            _running--;
        }
    }

    private void Fill()
    {
        var minutes = time.GetElapsedTime(_filled).TotalMinutes;
        _filled = time.GetTimestamp();
        _requests = Math.Min(requestsPerMinute, _requests + (minutes * requestsPerMinute));
        _tokens = Math.Min(tokensPerMinute, _tokens + (minutes * tokensPerMinute));
    }
}
