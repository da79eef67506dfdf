using Sandbox.Contracts.Agent;

namespace Sandbox.Node.Agents;

/// <summary>Shows the token of an agent that listens; whatever a caller put there is replaced.</summary>
internal sealed class TokenHandler(Func<string?> token) : DelegatingHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.Remove(AgentRoutes.TokenHeader);
        request.Headers.TryAddWithoutValidation(AgentRoutes.TokenHeader, token());
        return base.SendAsync(request, cancellationToken);
    }
}
