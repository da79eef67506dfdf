using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

internal static class ModelUsageRoutes
{
    public static void MapModelUsage(this IEndpointRouteBuilder api) =>
        api.MapGet("/models/usage", ReadAsync).WithTags("Models")
            .WithSummary("Requests and tokens that models were asked for with each key of the caller's tenant, and for admins of all");

    private static async Task<JsonOk<IReadOnlyList<ModelUsageResult>>> ReadAsync(
        TenantScopedModelUsage usage, CancellationToken cancellationToken) => new(await usage.ReadAsync(cancellationToken));
}
