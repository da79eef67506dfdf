using System.Net;
using Sandbox.Contracts.Agent;

namespace Sandbox.Node.Agents;

/// <summary>Shows the token of an agent that listens; whatever a caller put there is replaced.</summary>
internal sealed class TokenHandler(AgentToken token) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Show(request, token.Own());
        var answer = await base.SendAsync(request, cancellationToken);
        if (answer.StatusCode is not HttpStatusCode.Unauthorized || request.RequestUri!.AbsolutePath != AgentRoutes.Init
            || token.First?.Invoke() is not { } first)
        {
            return answer;
        }

        // Nobody has told it its own one yet: this init does.
        answer.Dispose();
        Show(request, first);
        return await base.SendAsync(request, cancellationToken);
    }

    private static void Show(HttpRequestMessage request, string? shown)
    {
        request.Headers.Remove(AgentRoutes.TokenHeader);
        request.Headers.TryAddWithoutValidation(AgentRoutes.TokenHeader, shown);
    }
}
