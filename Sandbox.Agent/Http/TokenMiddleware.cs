using System.Text;
using Sandbox.Agent.Activity;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Http;

/// <summary>When the agent listens, a call without its token is refused; one with it comes from an owner.</summary>
internal sealed class TokenMiddleware(AgentOptions options, OwnerPresence presence)
{
    private readonly byte[] _token = Encoding.UTF8.GetBytes(options.Token);

    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!Matches(context.Request.Headers[AgentRoutes.TokenHeader].ToString()))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        presence.Enter();
        try
        {
            await next(context);
        }
        finally
        {
            presence.Leave();
        }
    }

    // The time depends on the length of what was sent only. An own loop: the framework's would load OpenSSL into the static binary.
    private bool Matches(string sent)
    {
        var bytes = Encoding.UTF8.GetBytes(sent);
        var difference = bytes.Length ^ _token.Length;
        for (var i = 0; i < bytes.Length; i++)
        {
            difference |= bytes[i] ^ _token[i % _token.Length];
        }

        return difference == 0;
    }
}
