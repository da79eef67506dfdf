using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>Join tokens: made here, answered once, kept as a hash of what admits. A server without a store of members is no cluster, and
/// no node joins it.</summary>
internal static class JoinTokenRoutes
{
    public static void MapJoinTokens(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Join tokens");
        group.MapGet("/join-tokens", ListAsync).WithSummary("Tokens that nodes may join with, used ones included, without themselves");
        group.MapPost("/join-tokens", CreateAsync)
            .WithSummary("Makes a token that one node may join with once; it is in this answer and nowhere else");
        group.MapDelete("/join-tokens/{id}", RevokeAsync).WithSummary("Takes a join token out");
    }

    private static async Task<JsonOk<IReadOnlyList<JoinTokenEntry>>> ListAsync(
        [FromServices] IMemberStore? members, CancellationToken cancellationToken)
    {
        var all = members is null ? [] : await members.ListTokensAsync(cancellationToken);
        return new([.. all.Select(EntryOf)]);
    }

    private static async Task<Results<JsonCreated<JoinTokenResult>, ProblemResult>> CreateAsync(
        JsonBody<JoinTokenRequest> body, [FromServices] IMemberStore? members, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } unreadable)
        {
            return unreadable;
        }

        if (JoinToken.ProblemOf(body.Value) is { } problem)
        {
            return ProblemResult.BadRequest(problem);
        }

        if (members is null)
        {
            return new ProblemResult(
                StatusCodes.Status409Conflict, "no_cluster", "This server is no cluster: no node can join it.");
        }

        var token = JoinToken.Make(body.Value, time.GetUtcNow(), out var secret);
        await members.AddTokenAsync(token, cancellationToken);
        return new JsonCreated<JoinTokenResult>(new JoinTokenResult(token.Id, secret, token.Node, token.ExpiresAt)) { IsSecret = true };
    }

    private static async Task<Results<NoContent, ProblemResult>> RevokeAsync(
        string id, [FromServices] IMemberStore? members, CancellationToken cancellationToken) =>
        members is not null && await members.TryRevokeTokenAsync(id, cancellationToken)
            ? TypedResults.NoContent()
            : ProblemResult.NotFound("There is no such join token.");

    private static JoinTokenEntry EntryOf(JoinTokenView view) => new(
        view.Token.Id, view.UsedBy is not null ? JoinTokenEntry.Used : view.IsOver ? JoinTokenEntry.Expired : JoinTokenEntry.Unused,
        view.Token.Node, view.Token.ExpiresAt, view.UsedBy);
}
