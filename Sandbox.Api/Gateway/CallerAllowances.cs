using System.Collections.Concurrent;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>Bounds for what each key and each tenant asks of models. There are as many as there are keys that were used since this process
/// began; keys are made by admins.</summary>
internal sealed class CallerAllowances(IOptions<GatewayOptions> options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, CallerAllowance> _keys = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CallerAllowance> _tenants = new(StringComparer.Ordinal);
    private readonly GatewayOptions _limits = options.Value;

    /// <summary>Takes a place for a request of a caller.</summary>
    /// <param name="end">To be called with the tokens that it took.</param>
    /// <returns>Why it may not begin; null when it may.</returns>
    public OpenAiError? TryBegin(Caller caller, out Action<long> end)
    {
        var key = _keys.GetOrAdd(caller.Key, _ => new(
            _limits.RequestsPerMinutePerKey, _limits.TokensPerMinutePerKey, _limits.ConcurrentPerKey, time));
        var tenant = _tenants.GetOrAdd(caller.Tenant, _ => new(
            _limits.RequestsPerMinutePerTenant, _limits.TokensPerMinutePerTenant, _limits.ConcurrentPerTenant, time));
        end = static _ => { };
        if (key.TryBegin() is { } wait)
        {
            return Refusal("key", wait);
        }

        if (tenant.TryBegin() is { } longer)
        {
            key.Withdraw();
            return Refusal("tenant", longer);
        }

        end = tokens =>
        {
            key.End(tokens);
            tenant.End(tokens);
        };
        return null;
    }

    private static OpenAiError Refusal(string whose, TimeSpan wait) => new(
        StatusCodes.Status429TooManyRequests, "rate_limit_exceeded",
        $"The {whose} asks for more than it may (requests or tokens in a minute, or requests at the same time).", wait);
}
