using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

internal static class UsageRoutes
{
    public static void MapUsage(this IEndpointRouteBuilder api) =>
        api.MapGet("/usage", ReadAsync).WithTags("Usage")
            .WithSummary("CPU and memory that the caller's sandboxes use now, and for admins the nodes");

    private static async Task<JsonOk<UsageResult>> ReadAsync(TenantScopedUsage usage, CancellationToken cancellationToken) =>
        new(await usage.ReadAsync(cancellationToken));
}
