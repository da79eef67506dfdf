using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;

namespace Sandbox.Api.Rollouts;

internal static class ServerHealthRoutes
{
    public static void MapServerHealth(this IEndpointRouteBuilder api) =>
        api.MapGet("/health", Read).WithTags("Server").WithSummary("Whether the server answers, and its version");

    private static JsonOk<ServerHealthResult> Read(TimeProvider time) => new(new ServerHealthResult(
        "healthy", time.GetUtcNow(), typeof(ServerHealthRoutes).Assembly.GetName().Version?.ToString(3) ?? ""));
}
