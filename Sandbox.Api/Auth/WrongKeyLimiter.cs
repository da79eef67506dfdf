using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace Sandbox.Api.Auth;

/// <summary>Counts by address the keys that are none, each of which costs a look into the store.</summary>
internal sealed class WrongKeyLimiter(IOptions<ApiOptions> options) : IDisposable
{
    public static AuthenticationResult TooMany { get; } = new AuthenticationResult.Refused(
        StatusCodes.Status429TooManyRequests, "too_many_requests",
        "Too many keys from this address are none (Api:MaxWrongKeysPerMinute); ask again in a minute.");

    private readonly PartitionedRateLimiter<IPAddress> _limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        address => RateLimitPartition.GetFixedWindowLimiter(
            address,
            _ => new FixedWindowRateLimiterOptions
            {
                PermitLimit = options.Value.MaxWrongKeysPerMinute,
                Window = TimeSpan.FromMinutes(1),
            }));

    /// <summary>Whether a key from there is looked up.</summary>
    public bool MayAsk(HttpContext http)
    {
        using var lease = _limiter.AttemptAcquire(AddressOf(http), permitCount: 0);
        return lease.IsAcquired;
    }

    /// <summary>A key from there was none.</summary>
    public void Count(HttpContext http) => _limiter.AttemptAcquire(AddressOf(http)).Dispose();

    public void Dispose() => _limiter.Dispose();

    private static IPAddress AddressOf(HttpContext http) => CallerAddress.Of(http.Connection.RemoteIpAddress ?? IPAddress.None);
}
