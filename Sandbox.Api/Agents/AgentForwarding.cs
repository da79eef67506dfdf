using Sandbox.Api.Auth;
using Sandbox.Cluster;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Agents;

/// <summary>How a request goes on to the agent of a sandbox as it is, with its answer, both streamed.</summary>
internal static class AgentForwarding
{
    /// <param name="prefix">The agent's address, and what of its paths the transformer does not add.</param>
    /// <returns>What broke; <see cref="ForwarderError.None"/> also when it was the caller who went away.</returns>
    public static async Task<ForwarderError> ToAgentAsync(
        this IHttpForwarder forwarder, HttpContext http, AgentCall call, string prefix, AgentRequestTransformer transformer)
    {
        http.LiftLimits();
        RequestCredentials.Remove(http.Request);
        var error = await forwarder.SendAsync(http, prefix, call.Invoker, Transfers.Forwarding, transformer, http.RequestAborted);
        return http.RequestAborted.IsCancellationRequested ? ForwarderError.None : error;
    }
}
