using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Commands;

internal sealed class CloseSessionEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "close session failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.CloseSession) is not { } request)
        {
            return;
        }

        var answer = await agent.PostAsync(
            http, request.SandboxId!, "/close_session", (request, RockJson.Default.CloseSessionRequest), AgentTypes.CloseSession,
            AgentClient.Short);
        await (answer switch
        {
            AgentAnswer<CloseSessionResult>.Done done => Envelopes.SucceedAsync(http, done.Result, RockJson.Default.CloseSessionResult),

            // Closing what is not there leaves what was asked for.
            AgentAnswer<CloseSessionResult>.Refused refused => Envelopes.SucceedAsync(
                http, new CloseSessionResult(), RockJson.Default.CloseSessionResult, refused.Reason),
            AgentAnswer<CloseSessionResult>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new CloseSessionResult(), RockJson.Default.CloseSessionResult),
            _ => throw new UnreachableException(),
        });
    }
}
