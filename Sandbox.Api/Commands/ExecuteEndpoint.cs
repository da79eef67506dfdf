using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Commands;

/// <summary>Runs one command to its end and answers its output as a whole.</summary>
internal sealed class ExecuteEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "execute command failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.Exec) is not { } request)
        {
            return;
        }

        var answer = await agent.PostAsync(
            http, request.SandboxId!, "/execute", (request, RockJson.Default.ExecRequest), AgentTypes.Exec,
            AgentClient.Within(request.Timeout));
        await (answer switch
        {
            AgentAnswer<PassedAnswer>.Done done => Envelopes.PassAsync(http, done.Result),

            // What a command cannot do is its result, not a failure of the call (clients look at exit_code).
            AgentAnswer<PassedAnswer>.Refused refused => Envelopes.SucceedAsync(
                http, new ExecResult("", refused.Reason, -1), RockJson.Default.ExecResult),
            AgentAnswer<PassedAnswer>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new ExecResult("", "", null), RockJson.Default.ExecResult),
            _ => throw new System.Diagnostics.UnreachableException(),
        });
    }
}
