using Sandbox.Api.Auth;
using Sandbox.Contracts.Management;

namespace Sandbox.Api.Management;

/// <summary>Tenants, keys, dead letters, nodes and join tokens, for admins only; and for each tenant what its sandboxes use.</summary>
internal sealed partial class ManagementEndpoints(
    TenantRoutes tenants, KeyRoutes keys, DeadLetterRoutes deadLetters, NodeRoutes nodes, JoinTokenRoutes joinTokens, UsageRoutes usage,
    ILogger<ManagementEndpoints> logger)
{
    public const string Prefix = "/api/v1";

    private const string Get = "GET";
    private const string Post = "POST";

    public IReadOnlyList<ManagementRoute> Routes { get; } =
    [
        new(Get, "/tenants", "Tenants, their quotas and what they use", tenants.ListAsync)
        { Result = ManagementJson.Default.IReadOnlyListTenantResult },
        new(Post, "/tenants", "Makes a tenant", tenants.CreateAsync)
        { Body = ManagementJson.Default.TenantRequest, Result = ManagementJson.Default.TenantResult },
        new("PUT", "/tenants/{name}/quota", "Replaces the quota of a tenant", tenants.PutQuotaAsync)
        { Body = ManagementJson.Default.QuotaMessage },
        new(Get, "/keys", "API keys, revoked ones included, without their secrets", keys.ListAsync)
        { Result = ManagementJson.Default.IReadOnlyListKeyResult },
        new(Post, "/keys", "Makes an API key; its secret is in this answer and nowhere else", keys.CreateAsync)
        { Body = ManagementJson.Default.KeyRequest, Result = ManagementJson.Default.NewKeyResult },
        new("DELETE", "/keys/{id}", "Revokes an API key", keys.RevokeAsync),
        new(Get, "/dead-letters", "Jobs that were given up, newest first", deadLetters.ListAsync)
        { Query = ["limit?"], Result = ManagementJson.Default.IReadOnlyListDeadLetterResult },
        new(Post, "/dead-letters/{id}/redrive", "Makes a dead letter a job again", deadLetters.RedriveAsync),
        new(Get, "/nodes", "The nodes of the cluster", nodes.ListAsync) { Result = ManagementJson.Default.IReadOnlyListNodeResult },
        new(Post, "/nodes/{name}/drain", "Lets a node take no new sandboxes", nodes.DrainAsync),
        new(Post, "/nodes/{name}/undrain", "Lets it take new sandboxes again", nodes.UndrainAsync),
        new(Get, "/join-tokens", "Tokens that nodes may join with, used ones included, without themselves", joinTokens.ListAsync)
        { Result = ManagementJson.Default.IReadOnlyListJoinTokenEntry },
        new(Post, "/join-tokens", "Makes a token that one node may join with once; it is in this answer and nowhere else",
            joinTokens.CreateAsync)
        { Body = ManagementJson.Default.JoinTokenRequest, Result = ManagementJson.Default.JoinTokenResult },
        new("DELETE", "/join-tokens/{id}", "Takes a join token out", joinTokens.RevokeAsync),
        new(Get, "/usage", "CPU and memory that the caller's sandboxes use now, and for admins the nodes", usage.ReadAsync)
        { Result = ManagementJson.Default.UsageResult, IsForTenants = true },
    ];

    public void Map(IEndpointRouteBuilder app)
    {
        foreach (var route in Routes)
        {
            app.MapMethods(Prefix + route.Path, [route.Method], http => AnswerAsync(route, http));
        }
    }

    /// <summary>The edge: a caller that is no admin gets no further, and a surprise says nothing of our insides; the log does.</summary>
    private async Task AnswerAsync(ManagementRoute route, HttpContext http)
    {
        if (!route.IsForTenants && http.Features.Get<Caller>() is not { IsAdmin: true })
        {
            await Problems.WriteAsync(http, StatusCodes.Status403Forbidden, "forbidden", "An admin's API key is needed.");
            return;
        }

        try
        {
            await route.Handler(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has left; there is nobody to answer.
        }
        catch (Exception exception) when (exception is not BadHttpRequestException && !http.Response.HasStarted)
        {
            Log.Surprised(logger, route.Path, exception);
            await Problems.WriteAsync(
                http, StatusCodes.Status500InternalServerError, "internal",
                "The server failed to handle this request; the reason is in its log.");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5401, LogLevel.Error, "Management route {Route} met something unexpected")]
        public static partial void Surprised(ILogger logger, string route, Exception exception);
    }
}
