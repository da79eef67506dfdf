using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Http;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Management;

/// <summary>What each tenant may read of its sandboxes, and an admin of all.</summary>
internal static class SandboxRoutes
{
    public static void MapSandboxes(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Sandboxes");

        // Its name in the document; ROCK's face has a list under the same path.
        group.MapGet("/sandboxes", (HttpContext http, SandboxListEndpoint list) => list.HandleAsync(http)).WithName("get_all_sandboxes")
            .WithSummary("The sandboxes in all states, or (deleted=true) those deleted in the last 24 hours, newest first")
            .WithMetadata(new QueryParameters(SandboxListEndpoint.Query), Success(typeof(ListResult), "application/json"));
        group.MapGet("/sandboxes/{id}/logs", (HttpContext http, SandboxLogEndpoint logs) => logs.HandleAsync(http))
            .WithSummary("What the main process of a sandbox has written, with follow=true also what it goes on to write")
            .WithMetadata(new QueryParameters(SandboxLogEndpoint.Query), Success(typeof(string), "text/plain"), StreamMetadata.Instance);
        group.MapPut("/sandboxes/{id}/network", PutNetworkAsync)
            .WithSummary("Replaces the lists of what a sandbox may reach; of one that runs, at once");
        group.MapGet("/events", (HttpContext http, EventsEndpoint events) => events.HandleAsync(http))
            .WithSummary("What happens to the sandboxes, as server-sent events")
            .WithMetadata(
                new QueryParameters(EventsEndpoint.Query), Success(typeof(string), "text/event-stream"), StreamMetadata.Instance);
    }

    private static async Task<Results<NoContent, ProblemResult>> PutNetworkAsync(
        string id, JsonBody<EgressMessage> body, TenantScopedEgress egress, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        return !SandboxId.TryParse(id, null, out var sandbox) ? ProblemResult.Of(new SandboxError.BadId(id))
            : await egress.ReplaceAsync(sandbox, body.Value, cancellationToken) is { } error ? ProblemResult.Of(error)
            : TypedResults.NoContent();
    }

    private static ProducesResponseTypeMetadata Success(Type type, string contentType) =>
        new(StatusCodes.Status200OK, type, [contentType]);
}
