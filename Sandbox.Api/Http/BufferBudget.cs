using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;

namespace Sandbox.Api.Http;

/// <summary>The memory that bodies and answers in flight may take in this process: so much for all, and half of it for each tenant. What
/// finds no room waits for it, and is refused only after a while.</summary>
internal sealed class BufferBudget : IDisposable
{
    /// <summary>Bytes that a request holds without being counted: most hold less, and shall not pay for the counting.</summary>
    public const int Free = 16 * 1024;

    /// <summary>How long a request waits for room.</summary>
    internal static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>What is counted, bytes: a limiter's permits are 32 bit numbers.</summary>
    internal const int Unit = 1024;

    private readonly int _share;
    private readonly PartitionedRateLimiter<string> _limiter;
    private readonly MemoryTrimmer _trimmer;
    private readonly TimeProvider _time;

    public BufferBudget(IOptions<ApiOptions> options, MemoryTrimmer trimmer, TimeProvider time)
    {
        var all = (int)(options.Value.MaxBuffered / Unit);
        (_share, _trimmer, _time) = (all / 2, trimmer, time);

        // Its tenant's share first: who waits for that keeps nothing from others.
        _limiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<string, string>(tenant => RateLimitPartition.GetConcurrencyLimiter(tenant, _ => Room(_share))),
            PartitionedRateLimiter.Create<string, string>(_ => RateLimitPartition.GetConcurrencyLimiter("", _ => Room(all))));
    }

    /// <summary>The most that one request, as one tenant, can ever hold, bytes.</summary>
    public long Share => (long)_share * Unit;

    /// <summary>Holds so many bytes more for a request, until it has ended.</summary>
    /// <returns>False: there was no room within <see cref="LongestWait"/>, or there never is for so much.</returns>
    public async ValueTask<bool> TryReserveAsync(HttpContext http, long bytes, CancellationToken cancellationToken)
    {
        if (await HoldAsync(http, bytes, cancellationToken) is not { } held)
        {
            return false;
        }

        http.Response.RegisterForDispose(held);
        return true;
    }

    /// <summary>The same, held until it is disposed.</summary>
    /// <returns>Null: there was no room.</returns>
    public async ValueTask<IDisposable?> HoldAsync(HttpContext http, long bytes, CancellationToken cancellationToken)
    {
        var (tenant, units) = (http.Features.Get<Caller>()?.Tenant ?? "", (bytes + Unit - 1) / Unit);
        if (units > _share)
        {
            return null;
        }

        var lease = _limiter.AttemptAcquire(tenant, (int)units);
        if (!lease.IsAcquired)
        {
            lease.Dispose();
            lease = await WaitAsync(tenant, (int)units, cancellationToken);
        }

        if (lease is not { IsAcquired: true })
        {
            lease?.Dispose();
            return null;
        }

        return new BufferLease(lease, _trimmer, units * Unit);
    }

    public void Dispose() => _limiter.Dispose();

    private static ConcurrencyLimiterOptions Room(int units) => new()
    {
        PermitLimit = units,
        QueueLimit = int.MaxValue,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    };

    private async Task<RateLimitLease?> WaitAsync(string tenant, int units, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(LongestWait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await _limiter.AcquireAsync(tenant, units, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>What a request holds, until that has ended.</summary>
    private sealed class BufferLease(RateLimitLease lease, MemoryTrimmer trimmer, long bytes) : IDisposable
    {
        private int _isReleased;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isReleased, 1) == 0)
            {
                lease.Dispose();
                trimmer.Released(bytes);
            }
        }
    }
}
