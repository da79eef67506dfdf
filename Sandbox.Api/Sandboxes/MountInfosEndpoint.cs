using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Sandboxes;

/// <summary>What is mounted into a sandbox, as arguments of <c>docker run</c>; as the sandbox itself sees it.</summary>
internal sealed class MountInfosEndpoint(AgentClient agent)
{
    public const string FailureMessage = "get mount infos failed";

    private static readonly ReadFileRequest Table = new() { Path = "/proc/self/mountinfo" };

    public async Task HandleAsync(HttpContext http)
    {
        var id = (string)http.GetRouteValue("id")!;
        var answer = await agent.PostAsync(
            http, id, "/read_file", (Table with { SandboxId = id }, RockJson.Default.ReadFileRequest), AgentTypes.SmallFile,
            AgentClient.Short);
        await (answer switch
        {
            AgentAnswer<ReadFileResult>.Done done =>
                Envelopes.SucceedAsync(http, MountTable.ToArguments(done.Result.Content), RockJson.Default.String),
            AgentAnswer<ReadFileResult>.Refused refused => Envelopes.FailAsync(
                http, FailureMessage, refused.Reason, new FailureResult(RockCodes.Internal, null, refused.Reason),
                RockJson.Default.FailureResult),
            AgentAnswer<ReadFileResult>.Unreached unreached => Envelopes.FailAsync(http, FailureMessage, unreached.Error),
            _ => throw new UnreachableException(),
        });
    }
}
