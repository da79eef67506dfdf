using System.Net;
using Sandbox.Api.Auth;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Http;

/// <summary>How a request goes on to the agent of a sandbox as it is, with its answer, both streamed.</summary>
internal static class AgentForwarding
{
    /// <summary>A stream may be silent for as long as its two ends are: only they end it.</summary>
    private static readonly ForwarderRequestConfig Streaming = new()
    {
        ActivityTimeout = Timeout.InfiniteTimeSpan,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        AllowResponseBuffering = false,
    };

    /// <param name="prefix">The agent's address, and what of its paths the transformer does not add.</param>
    /// <returns>What broke; <see cref="ForwarderError.None"/> also when it was the caller who went away.</returns>
    public static async Task<ForwarderError> ToAgentAsync(
        this IHttpForwarder forwarder, HttpContext http, AgentCall call, string prefix, HttpTransformer transformer)
    {
        http.LiftLimits();
        PresentedKeys.Remove(http.Request);
        var error = await forwarder.SendAsync(http, prefix, call.Invoker, Streaming, transformer, http.RequestAborted);
        return http.RequestAborted.IsCancellationRequested ? ForwarderError.None : error;
    }
}
