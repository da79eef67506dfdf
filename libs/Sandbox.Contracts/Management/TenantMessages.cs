namespace Sandbox.Contracts.Management;

/// <summary>Upper bounds of what a tenant may have; a member that is null or missing is no bound.</summary>
/// <param name="Sandboxes">Pending and running at once.</param>
/// <param name="Cpus">Of these together, the most that each can take (<c>limit_cpus</c>).</param>
/// <param name="MemoryBytes">Of these together.</param>
/// <param name="CreatesPerMinute">Within any calendar minute.</param>
/// <param name="TotalSandboxes">Of any state but deleted: the stopped and archived count, too.</param>
/// <param name="Gpus">Of the pending and running together, whole ones.</param>
/// <param name="DiskBytes">Disk limits of all that are not archived, and stored bytes of the archived. A sandbox without a disk limit is
/// refused.</param>
public sealed record QuotaMessage(
    int? Sandboxes = null, double? Cpus = null, long? MemoryBytes = null, int? CreatesPerMinute = null, int? TotalSandboxes = null,
    int? Gpus = null, long? DiskBytes = null);

/// <summary>Body of <c>POST /api/v1/tenants</c>. Without a bound of creates per minute the tenant gets the server's own
/// (<c>Limits:CreatesPerMinute</c>); a later change of its quota takes that away.</summary>
public sealed record TenantRequest(string? Name, QuotaMessage? Quota = null);

/// <param name="Used">Now.</param>
public sealed record TenantResult(string Name, QuotaMessage Quota, QuotaUsageMessage Used);

/// <summary>What is used of each bound, counted as the quota is.</summary>
public sealed record QuotaUsageMessage(
    int Sandboxes, double Cpus, long MemoryBytes, int TotalSandboxes, long Gpus, long DiskBytes);
