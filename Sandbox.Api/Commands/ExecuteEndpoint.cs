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
            request.SandboxId!, "/execute", request, RockJson.Default.ExecRequest, AgentTypes.Strict.ExecResult,
            AgentClient.Within(request.Timeout), http.RequestAborted);
        await (answer switch
        {
            AgentAnswer<ExecResult>.Done done => SucceedAsync(http, done.Result),

            // What a command cannot do is its result, not a failure of the call (clients look at exit_code).
            AgentAnswer<ExecResult>.Refused refused => SucceedAsync(http, new ExecResult("", refused.Reason, -1)),
            AgentAnswer<ExecResult>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new ExecResult("", "", null), RockJson.Default.ExecResult),
            _ => throw new System.Diagnostics.UnreachableException(),
        });
    }

    private static Task SucceedAsync(HttpContext http, ExecResult result) =>
        Envelopes.SucceedAsync(http, result, RockJson.Default.ExecResult);
}
