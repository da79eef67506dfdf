using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Commands;

internal sealed class SandboxStatisticsEndpoint(AgentClient agent)
{
    public const string FailureMessage = "get sandbox statistics failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await RockQuery.SandboxIdAsync(http) is not { } id)
        {
            return;
        }

        var answer = await agent.GetAsync(http, id, "/get_statistics", AgentTypes.Statistics);
        await (answer switch
        {
            AgentAnswer<Statistics>.Done done => Envelopes.SucceedAsync(http, done.Result, RockJson.Default.Statistics),
            AgentAnswer<Statistics>.Refused refused => Envelopes.FailAsync(
                http, FailureMessage, refused.Reason, new FailureResult(RockCodes.Internal, null, refused.Reason),
                RockJson.Default.FailureResult),
            AgentAnswer<Statistics>.Unreached unreached => Envelopes.FailAsync(http, FailureMessage, unreached.Error),
            _ => throw new UnreachableException(),
        });
    }
}
