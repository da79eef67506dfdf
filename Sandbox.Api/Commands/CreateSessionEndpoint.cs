using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Commands;

internal sealed class CreateSessionEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "create session failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.CreateSession) is not { } request)
        {
            return;
        }

        var answer = await agent.PostAsync(
            request.SandboxId!, "/create_session", request, RockJson.Default.CreateSessionRequest, AgentTypes.Strict.CreateSessionResult,
            AgentClient.Within(request.StartupTimeout), http.RequestAborted);
        await (answer switch
        {
            AgentAnswer<CreateSessionResult>.Done done => Envelopes.SucceedAsync(http, done.Result, RockJson.Default.CreateSessionResult),

            // Clients create the session they want without asking whether it is there; the old one stays.
            AgentAnswer<CreateSessionResult>.Refused refused => Envelopes.SucceedAsync(
                http, new CreateSessionResult(""), RockJson.Default.CreateSessionResult, refused.Reason),
            AgentAnswer<CreateSessionResult>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new CreateSessionResult(""), RockJson.Default.CreateSessionResult),
            _ => throw new UnreachableException(),
        });
    }
}
