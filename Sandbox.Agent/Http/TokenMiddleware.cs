using Sandbox.Agent.Activity;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Http;

/// <summary>When the agent listens, a call without its token is refused; one with it comes from an owner.</summary>
internal sealed class TokenMiddleware(DemandedToken token, OwnerPresence presence)
{
    internal async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!token.Opens(context.Request.Path.Value ?? "", context.Request.Headers[AgentRoutes.TokenHeader].ToString()))
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
}
