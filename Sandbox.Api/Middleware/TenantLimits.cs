using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Api.Rollouts;

namespace Sandbox.Api.Middleware;

/// <summary>How many requests a tenant may make in a second, and have answered at the same time. An operator's calls do not count with its
/// tenant's.</summary>
internal sealed class TenantLimits(IOptions<ApiOptions> options) : IConfigureOptions<RateLimiterOptions>
{
    /// <summary>Runs of Ansible for plans at once in this process; as many wait for one.</summary>
    private const int MostPlans = 4;

    /// <summary>The time over which the rate is an average.</summary>
    private const int Window = 10;

    public void Configure(RateLimiterOptions limiter)
    {
        var (limits, period) = (options.Value, TimeSpan.FromSeconds(1));
        limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
            PartitionedRateLimiter.Create<HttpContext, (string, bool)>(http => RateLimitPartition.GetTokenBucketLimiter(
                CallerOf(http),
                _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = limits.MaxRequestsPerSecond * Window,
                    TokensPerPeriod = limits.MaxRequestsPerSecond,
                    ReplenishmentPeriod = period,
                })),
            PartitionedRateLimiter.Create<HttpContext, ((string, bool), bool)>(http => RateLimitPartition.GetConcurrencyLimiter(
                (CallerOf(http), IsStream(http)),
                key => new ConcurrencyLimiterOptions
                {
                    PermitLimit = key.Item2 ? limits.MaxStreamsPerTenant : limits.MaxRequestsPerTenant,
                })));
        limiter.AddConcurrencyLimiter(
            RolloutEndpoints.PlanLimit, static plans => (plans.PermitLimit, plans.QueueLimit) = (MostPlans, MostPlans));
        limiter.OnRejected = static (rejected, _) => new ValueTask(RefuseAsync(rejected));
    }

    /// <summary>The authentication middleware has let it in.</summary>
    private static (string Tenant, bool IsAdmin) CallerOf(HttpContext http)
    {
        var caller = http.Features.GetRequiredFeature<Caller>();
        return (caller.Tenant, caller.IsAdmin);
    }

    private static bool IsStream(HttpContext http) =>
        http.Features.Get<SandboxAddress>() is not null || http.GetEndpoint()?.Metadata.GetMetadata<StreamMetadata>() is not null;

    private static Task RefuseAsync(OnRejectedContext rejected)
    {
        var wait = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var told) ? told : TimeSpan.FromSeconds(1);
        rejected.HttpContext.Response.Headers.RetryAfter =
            Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var isPlan = rejected.HttpContext.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>() is not null;
        return Refusals.WriteAsync(
            rejected.HttpContext, StatusCodes.Status429TooManyRequests, "too_many_requests",
            "The tenant makes more requests than it may (Api:MaxRequestsPerSecond, Api:MaxRequestsPerTenant, Api:MaxStreamsPerTenant)"
                + (isPlan ? $", or {MostPlans} plans of rollouts are being made and as many wait." : "."));
    }
}
