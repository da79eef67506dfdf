using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Gem;

/// <summary>Environments in real sandboxes.</summary>
public sealed class GemTests(RealServer server) : IClassFixture<RealServer>
{
    private const string Sample = """{"env_id":"sandbox:GuessTheNumber-v0"}""";

    [Fact]
    public async Task Journey_FromMakeToClose_AnswersBothSdks()
    {
        var made = await PostAsync("make", Sample);
        var id = (string)made["sandbox_id"]!;
        Assert.Equal(
            """{"sandbox_id":"ID","status":"Success","result":{"sandbox_id":"ID"}}""",
            made.ToJsonString().Replace(id, "ID", StringComparison.Ordinal));
        var listed = await PostAsync("list", $$"""{"sandbox_id":"{{id}}"}""");
        Assert.Contains("sandbox:GuessTheNumber-v0", listed["env_id"]!.AsArray().Select(name => (string)name!));

        var reset = await PostAsync("reset", $$"""{"sandbox_id":"{{id}}","seed":7}""");
        Assert.Equal(["observation", "info", "status", "result"], reset.AsObject().Select(member => member.Key));
        Assert.Equal(reset["observation"]!.ToJsonString(), reset["result"]!["observation"]!.ToJsonString());

        // The TypeScript SDK also sends numbers.
        var step = await PostAsync("step", $$"""{"sandbox_id":"{{id}}","action":101}""");
        Assert.Equal(
            """{"observation":"101 is too high.","reward":0.0,"terminated":false,"truncated":false,"info":{"turn":1}}""",
            step["result"]!.ToJsonString());
        Assert.Equal(
            ["observation", "reward", "terminated", "truncated", "info", "status", "result"],
            step.AsObject().Select(member => member.Key));

        Assert.Equal(id, (string)(await PostAsync("close", $$"""{"sandbox_id":"{{id}}"}"""))["sandbox_id"]!);
        using var status = await server.Http.GetAsync(ApiServer.Rock + $"/is_alive?sandbox_id={id}");
        Assert.Contains("\"is_alive\":false", await status.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("not", await FailAsync("step", $$"""{"sandbox_id":"{{id}}","action":"1"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Make_OfAnUnknownEnvironment_IsRefusedAndLeavesNoSandbox()
    {
        Assert.Contains("'none:None'", await FailAsync("make", """{"env_id":"none:None"}"""), StringComparison.Ordinal);

        using var list = await server.Http.GetAsync(ApiServer.Rock + "/sandboxes?image=python:3.11");
        Assert.Contains("\"items\":[]", await list.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("make", "{}", "body.env_id: Field required")]
    [InlineData("reset", """{"sandbox_id":"a","seed":"x"}""", "body.seed: ")]
    [InlineData("step", """{"sandbox_id":"a"}""", "body.action: Field required")]
    [InlineData("close", "{}", "body.sandbox_id: Field required")]
    public async Task Body_ThatIsWrong_IsAnInvalidParameter(string call, string body, string expected)
    {
        var answer = await PostAsync(call, body);

        Assert.Equal(("Failed", "invalid parameter"), ((string)answer["status"]!, (string)answer["message"]!));
        Assert.StartsWith(expected, (string)answer["error"]!, StringComparison.Ordinal);
    }

    private async Task<JsonNode> PostAsync(string call, string body) => JsonNode.Parse(await AskAsync(call, body, HttpStatusCode.OK))!;

    private async Task<string> FailAsync(string call, string body)
    {
        var answer = JsonNode.Parse(await AskAsync(call, body, HttpStatusCode.InternalServerError))!;
        Assert.Empty(answer["traceback"]!.AsArray());
        return (string)answer["detail"]!;
    }

    private async Task<string> AskAsync(string call, string body, HttpStatusCode status)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await server.Http.PostAsync($"/apis/v1/envs/gem/{call}", content);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == status, $"{call} is answered {(int)status}, not {(int)answer.StatusCode}: {text}");
        return text;
    }
}
