using System.Buffers;
using System.Diagnostics;
using Sandbox.Api.Agents;
using Sandbox.Api.Rock;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Files;

/// <summary>Writes a text file. Its content goes on to the agent as it came.</summary>
internal sealed class WriteFileEndpoint(AgentClient agent, RockBody body)
{
    public const string FailureMessage = "write file failed";

    private static readonly byte[] Content = "content"u8.ToArray();

    public Task HandleAsync(HttpContext http) => body.ReadFileAsync(
        http, Content, RockRequests.WriteFile, (request, content) => SendAsync(http, request, content));

    private async Task SendAsync(HttpContext http, WriteFileRequest request, ReadOnlySequence<byte> content)
    {
        var question = new AgentQuestion(HttpMethod.Post, "/write_file", new WriteFileContent(request.Path, content));
        var answer = await agent.SendAsync(http, request.SandboxId!, question, AgentTypes.WriteFile, AgentClient.Short);
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
