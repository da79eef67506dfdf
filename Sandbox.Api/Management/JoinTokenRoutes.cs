using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

/// <summary>Join tokens: made here, answered once, kept as a hash of what admits.</summary>
/// <param name="members">Null: this server is no cluster, and no node joins it.</param>
internal sealed class JoinTokenRoutes(IMemberStore? members, TimeProvider time)
{
    public async Task ListAsync(HttpContext http)
    {
        var all = members is null ? [] : await members.ListTokensAsync(http.RequestAborted);
        await ManagementBody.WriteAsync(http, [.. all.Select(EntryOf)], ManagementJson.Default.IReadOnlyListJoinTokenEntry);
    }

    public async Task CreateAsync(HttpContext http)
    {
        if (await ManagementBody.ReadAsync(http, ManagementJson.Default.JoinTokenRequest) is not { } request)
        {
            return;
        }

        if (JoinToken.ProblemOf(request) is { } problem)
        {
            await Problems.BadRequestAsync(http, problem);
            return;
        }

        if (members is null)
        {
            await Problems.WriteAsync(http, StatusCodes.Status409Conflict, "no_cluster", "This server is no cluster: no node can join it.");
            return;
        }

        var token = JoinToken.Make(request, time.GetUtcNow(), out var secret);
        await members.AddTokenAsync(token, http.RequestAborted);
        http.Response.StatusCode = StatusCodes.Status201Created;
        http.Response.Headers.CacheControl = "no-store";
        await ManagementBody.WriteAsync(
            http, new JoinTokenResult(token.Id, secret, token.Node, token.ExpiresAt), ManagementJson.Default.JoinTokenResult);
    }

    public async Task RevokeAsync(HttpContext http) =>
        await (members is not null && await members.TryRevokeTokenAsync((string)http.GetRouteValue("id")!, http.RequestAborted)
            ? ManagementBody.WriteNothingAsync(http)
            : Problems.NotFoundAsync(http, "There is no such join token."));

    private static JoinTokenEntry EntryOf(JoinTokenView view) => new(
        view.Token.Id, view.UsedBy is not null ? JoinTokenEntry.Used : view.IsOver ? JoinTokenEntry.Expired : JoinTokenEntry.Unused,
        view.Token.Node, view.Token.ExpiresAt, view.UsedBy);
}
