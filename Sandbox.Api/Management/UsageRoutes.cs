using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

internal sealed class UsageRoutes(TenantScopedUsage uses)
{
    public async Task ReadAsync(HttpContext http) =>
        await ManagementBody.WriteAsync(http, await uses.ReadAsync(http.RequestAborted), ManagementJson.Default.UsageResult);
}
