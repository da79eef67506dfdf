using Microsoft.AspNetCore.Connections.Features;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Node.Membership;

namespace Sandbox.Node.NodeApi;

/// <summary>Lets in only requests that a process of the cluster signed for this node, each once, and only while the node API is
/// open.</summary>
internal sealed partial class SignatureMiddleware(
    RequestDelegate next, ClusterSecret secret, NodeAddress address, RequestDrain drain, TimeProvider time,
    ILogger<SignatureMiddleware> logger)
{
    private const int LargestBody = 1 << 20;
    private static readonly TimeSpan LongestBody = TimeSpan.FromSeconds(2);

    private readonly RequestVerifier _verifier = secret.VerifierFromNow(SignaturePurpose.NodeApi);
    private readonly LogThrottle _denials = new(time);
    private string? _recipient;

    /// <summary>This node as its callers know it: the address that it has registered. Known once it listens.</summary>
    private string Recipient => _recipient ??= address.Find().Authority;

    public async Task InvokeAsync(HttpContext http)
    {
        switch (await _verifier.VerifyAsync(http, Recipient))
        {
            case SignatureStatus.Good:
                await EnterAsync(http);
                break;
            case SignatureStatus.Stale:
                await NodeApiResponses.StaleAsync(http);
                break;
            default:
                await DenyAsync(http);
                break;
        }
    }

    private Task DenyAsync(HttpContext http)
    {
        if (_denials.TryPass(out var suppressed))
        {
            Log.Denied(logger, http.Connection.RemoteIpAddress?.ToString(), suppressed);
        }

        return NodeApiResponses.WriteAsync(
            http, StatusCodes.Status401Unauthorized, NodeApiRoutes.Denied, "the request is not signed with the cluster's secret");
    }

    private async Task EnterAsync(HttpContext http)
    {
        using var call = drain.TryEnter();
        if (call is null)
        {
            await TakeInAsync(http);
            http.Response.Headers.Connection = "close";
            await NodeApiResponses.LeavingAsync(http);
            return;
        }

        CountConnection(http);
        await using var cut = drain.Cut.Register(http.Abort);
        await next(http);
    }

    /// <summary>A connection with calls to agents is used again and again, and is in use until its caller closes it. Over other ones only
    /// questions come, which their askers repeat.</summary>
    private void CountConnection(HttpContext http)
    {
        if (http.Request.Path.StartsWithSegments(NodeApiRoutes.Agents)
            && http.Features.Get<IConnectionItemsFeature>() is { } connection
            && http.Features.Get<IConnectionLifetimeFeature>() is { } lifetime
            && connection.Items.TryAdd(typeof(RequestDrain), drain)
            && drain.TryEnter() is { } use)
        {
            _ = lifetime.ConnectionClosed.Register(use.Dispose);
        }
    }

    /// <summary>What is still on its way to a connection when it is closed resets it, and the answer is lost with it: the caller would not
    /// know that nothing was done. A long body, or a slow one, is not waited for; its call cannot be sent again anyway.</summary>
    private async Task TakeInAsync(HttpContext http)
    {
        using var limit = new CancellationTokenSource(LongestBody, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        var piece = new byte[4096];
        try
        {
            for (var left = LargestBody; left > 0
                && await http.Request.Body.ReadAsync(piece, either.Token) is > 0 and var read; left -= read)
            {
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // It is answered all the same.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            4351, LogLevel.Warning,
            "A request from {Caller} is not signed by this cluster for this node (Cluster:Secret); {Suppressed} more before it")]
        public static partial void Denied(ILogger logger, string? caller, long suppressed);
    }
}
