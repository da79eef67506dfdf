using Health.Service.Heads;
using Health.Service.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;

namespace Health.Service.Members;

internal sealed partial class MemberRoutes(
    IMemberStore members, JoinTokens tokens, HeadElection election, HeadWhitelist whitelist, TimeProvider time,
    ILogger<MemberRoutes> logger)
{
    private readonly LogThrottle _refusals = new(time);

    public async Task RegisterAsync(HttpContext http)
    {
        if (await HealthAnswers.ReadAsync(http, HeadJson.Default.RegisterRequest) is not { } request)
        {
            return;
        }

        if (ProblemOf(request) is { } problem)
        {
            await HealthAnswers.BadRequestAsync(http, problem);
            return;
        }

        var member = new Member(
            request.Node, request.Instance, request.Host, request.HeadPort, request.HeadClientPort, request.DashboardPort, request.Version,
            KeyHash: null);
        var (isIn, key) = await EnterAsync(http, member);
        if (!isIn)
        {
            return;
        }

        Log.Registered(logger, request.Node, request.Host, request.HeadPort);
        var answer = await election.LookAsync(request.Node, Why(request), http.RequestAborted);
        await HealthAnswers.WriteAsync(http, StatusCodes.Status200OK, answer with { NodeKey = key }, HeadJson.Default.HeadAnswer);
    }

    public async Task ListAsync(HttpContext http)
    {
        var head = await election.HeadNodeAsync(http.RequestAborted);
        var all = await members.ListAsync(http.RequestAborted);
        await HealthAnswers.WriteAsync(http, StatusCodes.Status200OK, [.. all.Select(EntryOf)], HeadJson.Default.IReadOnlyListMemberEntry);

        MemberEntry EntryOf(MemberView view) => new(
            view.Member.Node, view.Member.Node == head ? HeadAnswer.Head : HeadAnswer.Worker, view.Member.Host, view.Member.HeadPort,
            view.Member.HeadClientPort, view.Member.DashboardPort, whitelist.PlaceOf(view.Member.Node, view.Member.HeadPort, out _),
            Math.Round(view.Silence.TotalSeconds, 1), view.Member.Version);
    }

    public async Task MakeTokenAsync(HttpContext http)
    {
        if (http.Features.GetRequiredFeature<HealthCaller>().Node is not null)
        {
            await HealthAnswers.DeniedAsync(
                http, "a node that joined with a token makes none; the request must be signed with the cluster's secret (Cluster:Secret)");
            return;
        }

        if (await HealthAnswers.ReadAsync(http, HeadJson.Default.JoinTokenRequest) is not { } request)
        {
            return;
        }

        if (JoinToken.ProblemOf(request) is { } problem)
        {
            await HealthAnswers.BadRequestAsync(http, problem);
            return;
        }

        var made = await tokens.MakeAsync(request, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        await HealthAnswers.WriteAsync(http, StatusCodes.Status201Created, made, HeadJson.Default.JoinTokenResult);
    }

    private static string? ProblemOf(RegisterRequest request) =>
        !JoinToken.IsNode(request.Node) || !JoinToken.IsNode(request.Instance) || !JoinToken.IsNode(request.Host)
            ? $"node, instance, host: 1 to {JoinToken.LongestNode} printable characters."
        : !IsPort(request.HeadPort) || !IsPort(request.HeadClientPort) || !IsPort(request.DashboardPort)
            ? "head_port, head_client_port, dashboard_port: 1 to 65535."
        : null;

    private static bool IsPort(int port) => port is > 0 and <= ushort.MaxValue;

    private string Why(RegisterRequest request)
    {
        whitelist.PlaceOf(request.Node, request.HeadPort, out var why);
        return why;
    }

    /// <summary>False: it was refused, and the answer is written.</summary>
    private async Task<(bool IsIn, string? Key)> EnterAsync(HttpContext http, Member member)
    {
        if (http.Features.Get<HealthCaller>() is not { } caller)
        {
            var key = await tokens.RegisterAsync(
                member, http.Request.Headers[HealthRoutes.JoinTokenHeader].ToString(), http.RequestAborted);
            if (key is null)
            {
                if (_refusals.TryPass(out var suppressed))
                {
                    Log.TokenRefused(logger, member.Node, http.Connection.RemoteIpAddress?.ToString(), suppressed);
                }

                await HealthAnswers.DeniedAsync(http, JoinTokens.Refusal);
            }

            return (key is not null, key);
        }

        if (!caller.Is(member.Node))
        {
            await HealthAnswers.DeniedAsync(http, $"the node's key is not that of {member.Node}");
            return (false, null);
        }

        await members.PutAsync(member, http.RequestAborted);
        return (true, null);
    }

    private static partial class Log
    {
        [LoggerMessage(6021, LogLevel.Debug, "Node {Node} is registered, at {Host}, head port {HeadPort}")]
        public static partial void Registered(ILogger logger, string node, string host, int headPort);

        [LoggerMessage(6022, LogLevel.Warning, "Node {Node} at {Caller} showed a join token that is not good; {Suppressed} more before it")]
        public static partial void TokenRefused(ILogger logger, string node, string? caller, long suppressed);
    }
}
