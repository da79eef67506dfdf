using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Files;

internal sealed class WriteFileEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "write file failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.WriteFile) is not { } request)
        {
            return;
        }

        var answer = await agent.PostAsync(
            request.SandboxId!, "/write_file", request, RockJson.Default.WriteFileRequest, AgentTypes.Strict.WriteFileResult,
            AgentClient.Short, http.RequestAborted);
        await (answer switch
        {
            AgentAnswer<WriteFileResult>.Done done => SucceedAsync(http, done.Result),
            AgentAnswer<WriteFileResult>.Refused refused => SucceedAsync(http, new WriteFileResult(false, refused.Reason)),
            AgentAnswer<WriteFileResult>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new WriteFileResult(false, ""), RockJson.Default.WriteFileResult),
            _ => throw new UnreachableException(),
        });
    }

    private static Task SucceedAsync(HttpContext http, WriteFileResult result) =>
        Envelopes.SucceedAsync(http, result, RockJson.Default.WriteFileResult);
}
