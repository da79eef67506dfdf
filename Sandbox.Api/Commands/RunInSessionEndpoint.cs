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
            request.SandboxId!, "/run_in_session", request, RockJson.Default.BashAction, AgentTypes.Strict.Observation,
            AgentClient.Within(request.Timeout), http.RequestAborted);
        await (answer switch
        {
            AgentAnswer<Observation>.Done { Result.ExitCode: -1 } failed => Envelopes.FailAsync(http, null, failed.Result.FailureReason),
            AgentAnswer<Observation>.Done done => Envelopes.SucceedAsync(http, done.Result, RockJson.Default.Observation),
            AgentAnswer<Observation>.Refused refused => Envelopes.FailAsync(http, null, refused.Reason),
            AgentAnswer<Observation>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, reason) =>
                    new Observation { FailureReason = reason }, RockJson.Default.Observation),
            _ => throw new UnreachableException(),
        });
    }
}
