using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Files;

internal sealed class ReadFileEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "read file failed";

    public async Task HandleAsync(HttpContext http)
    {
        if (await body.ReadAsync(http, RockRequests.ReadFile) is not { } request)
        {
            return;
        }

        var answer = await agent.PostAsync(
            http, request.SandboxId!, "/read_file", (request, RockJson.Default.ReadFileRequest), AgentTypes.ReadFile, AgentClient.Short);
        await (answer switch
        {
            AgentAnswer<PassedAnswer>.Done done => Envelopes.PassAsync(http, done.Result),

            // Upstream's form of a missing file; the reason, which it loses, stands in the message.
            AgentAnswer<PassedAnswer>.Refused refused => Envelopes.SucceedAsync(
                http, new ReadFileResult(""), RockJson.Default.ReadFileResult, refused.Reason),
            AgentAnswer<PassedAnswer>.Unreached unreached => Envelopes.FailAsync(
                http, FailureMessage, unreached.Error, static (_, _) => new ReadFileResult(""), RockJson.Default.ReadFileResult),
            _ => throw new UnreachableException(),
        });
    }
}
