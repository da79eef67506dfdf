using Sandbox.Api.Owners;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

internal sealed class UsageRoutes(OwnUses uses)
{
    public async Task ReadAsync(HttpContext http) =>
        await ManagementBody.WriteAsync(http, await uses.ReadAsync(http.RequestAborted), ManagementJson.Default.UsageResult);
}
