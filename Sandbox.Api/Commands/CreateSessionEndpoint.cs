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
            http, request.SandboxId!, "/create_session", (request, RockJson.Default.CreateSessionRequest), AgentTypes.CreateSession,
            AgentClient.Within(request.StartupTimeout));
        await (answer switch
        {
            AgentAnswer<PassedAnswer>.Done done => Envelopes.PassAsync(http, done.Result),

            // Clients create the session they want without asking whether it is there; the old one stays.
            AgentAnswer<PassedAnswer>.Refused refused => Envelopes.SucceedAsync(
                http, new CreateSessionResult(""), RockJson.Default.CreateSessionResult, refused.Reason),
            AgentAnswer<PassedAnswer>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new CreateSessionResult(""), RockJson.Default.CreateSessionResult),
            _ => throw new UnreachableException(),
        });
    }
}
