using Sandbox.Api.Auth;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Ports;

/// <summary>Forwards requests to programs that listen inside sandboxes, and their answers, both streamed.</summary>
internal sealed partial class PortForwarder(
    PortConnections connections, IHttpForwarder forwarder, TimeProvider time, ILogger<PortForwarder> logger)
{
    /// <summary>How long a program inside may take to begin its answer.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(120);

    /// <param name="ownOrigin">Whether pages get an origin of their own, apart from that of the address.</param>
    /// <returns>What to tell the caller; null: it has its answer, or has gone.</returns>
    public async Task<PortFailure?> ForwardAsync(
        HttpContext http, SandboxId id, AgentCall agent, TargetPort target, bool ownOrigin)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        http.LiftLimits();
        var cookies = target.HasCookies ? ProxiedCookies.Inwards(http.Request.Headers.Cookie) : null;
        RequestCredentials.Remove(http.Request);
        var transformer = new PortRequestTransformer(
            id, agent, target, cookies, ownOrigin, () => limit.CancelAfter(Timeout.InfiniteTimeSpan));
        var error = await forwarder.SendAsync(
            http, "http://sandbox/", connections.Invoker, Transfers.Forwarding, transformer, either.Token);
        if (error is ForwarderError.None || http.RequestAborted.IsCancellationRequested)
        {
            return null;
        }

        var failure = http.GetForwarderErrorFeature()?.Exception;
        Log.Broke(logger, error, failure?.Message);
        if (http.Response.HasStarted)
        {
            return null;
        }

        http.Response.Clear();
        if (limit.IsCancellationRequested)
        {
            return new PortFailure(
                StatusCodes.Status504GatewayTimeout, $"port {target.Port} did not answer within {AnswerLimit.TotalSeconds:0} s");
        }

        if (Cause<AgentCallException>(failure) is { } missed)
        {
            return new PortFailure(StatusCodes.Status502BadGateway, missed.Error.Text, missed.Error);
        }

        var closed = Cause<PortClosedException>(failure);
        return new PortFailure(
            StatusCodes.Status502BadGateway, closed?.Message ?? $"what listens on port {target.Port} gave no answer of HTTP")
        {
            IsClosed = closed is not null,
        };
    }

    /// <summary>The handler wraps what went wrong when it connected.</summary>
    private static T? Cause<T>(Exception? failure)
        where T : Exception
    {
        while (failure is not (null or T))
        {
            failure = failure.InnerException;
        }

        return failure as T;
    }

    private static partial class Log
    {
        [LoggerMessage(5221, LogLevel.Information, "A program inside a sandbox could not be asked: {Error} {Reason}")]
        public static partial void Broke(ILogger logger, ForwarderError error, string? reason);
    }
}
