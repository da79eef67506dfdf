namespace Aspire.Npgsql;

/// <summary>How a process uses its Postgres. Bound from <c>Aspire:Npgsql</c> and, over it, <c>Aspire:Npgsql:NAME</c>; the connection
/// string from <c>ConnectionStrings:NAME</c> stands over both.</summary>
public sealed class NpgsqlSettings
{
    public string? ConnectionString { get; set; }

    public bool DisableHealthChecks { get; set; }

    public bool DisableTracing { get; set; }

    public bool DisableMetrics { get; set; }
}
