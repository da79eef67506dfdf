using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Commands;

internal sealed class RunInSessionEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "run in session failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.RunInSession) is not { } request)
        {
            return;
        }

        var answer = await agent.PostAsync(
            http, request.SandboxId!, "/run_in_session", (request, RockJson.Default.BashAction), AgentTypes.Observation,
            AgentClient.Within(request.Timeout));
        await (answer switch
        {
            AgentAnswer<PassedAnswer>.Done { Result: var failed } when failed.JsonOf(AgentTypes.ExitCode) is "-1" =>
                Envelopes.FailAsync(http, null, failed.TextOf(AgentTypes.FailureReason)),
            AgentAnswer<PassedAnswer>.Done done => Envelopes.PassAsync(http, done.Result),
            AgentAnswer<PassedAnswer>.Refused refused => Envelopes.FailAsync(http, null, refused.Reason),
            AgentAnswer<PassedAnswer>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, reason) =>
                    new Observation { FailureReason = reason }, RockJson.Default.Observation),
            _ => throw new UnreachableException(),
        });
    }
}
