namespace Sandbox.Contracts.Management;

/// <summary>Upper bounds of what a tenant may have; a member that is null or missing is no bound.</summary>
/// <param name="Sandboxes">Pending and running at once.</param>
/// <param name="Cpus">Of these together.</param>
/// <param name="MemoryBytes">Of these together.</param>
/// <param name="CreatesPerMinute">Within any calendar minute.</param>
public sealed record QuotaMessage(int? Sandboxes = null, double? Cpus = null, long? MemoryBytes = null, int? CreatesPerMinute = null);

/// <summary>Body of <c>POST /api/v1/tenants</c>.</summary>
public sealed record TenantRequest(string? Name, QuotaMessage? Quota = null);

/// <param name="Used">Now.</param>
public sealed record TenantResult(string Name, QuotaMessage Quota, QuotaUsageMessage Used);

/// <summary>What is pending and running.</summary>
public sealed record QuotaUsageMessage(int Sandboxes, double Cpus, long MemoryBytes);
