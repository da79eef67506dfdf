namespace Aspire.StackExchange.Redis;

/// <summary>How a process uses its Redis. Bound from <c>Aspire:StackExchange:Redis</c> and, over it, <c>Aspire:StackExchange:Redis:NAME</c>;
/// the connection string from <c>ConnectionStrings:NAME</c> stands over both.</summary>
public sealed class StackExchangeRedisSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }

    public bool DisableTracing { get; set; }
}
