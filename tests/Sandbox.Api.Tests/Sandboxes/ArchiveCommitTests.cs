using System.Text.Json.Nodes;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Sandboxes;

public sealed class ArchiveCommitTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Fact]
    public async Task Archive_WithoutAStore_SaysWhichSettingIsMissing()
    {
        var id = await _server.GivenStoppedAsync();

        var answer = Parse(await _server.PostAsync($"/sandboxes/{id}/archive", "{}"));

        Assert.Equal(
            ("Failed", "archive sandbox failed", 4000),
            ((string)answer["status"]!, (string)answer["message"]!, (int)answer["result"]!["code"]!));
        Assert.Contains("Archive:Store", (string)answer["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archive_OfARunningSandbox_IsRefused()
    {
        var id = await _server.GivenRunningAsync();

        var answer = Parse(await _server.PostAsync($"/sandboxes/{id}/archive", "{}"));

        Assert.Equal($"Sandbox {id} is running; archive is not possible now.", (string)answer["error"]!);
    }

    [Fact]
    public async Task Commit_OfARunningSandbox_IsRunningAndAsksTheSameAgain()
    {
        var id = await _server.GivenRunningAsync();

        var begun = Parse(await CommitAsync(id, "mine:1"));
        var again = Parse(await CommitAsync(id, "mine:1"));
        var other = Parse(await CommitAsync(id, "mine:2"));
        var status = Parse(await _server.GetAsync($"/commit/{id}"));

        Assert.Equal("Success", (string)begun["status"]!);
        Assert.Equal(
            ["sandbox_id", "image_tag", "phase", "started_at", "completed_at", "exit_code", "failed_stage", "error_code", "error_message"],
            begun["result"]!.AsObject().Select(field => field.Key));
        Assert.Equal(
            (id.ToString(), "mine:1", "RUNNING"),
            ((string)begun["result"]!["sandbox_id"]!, (string)begun["result"]!["image_tag"]!, (string)begun["result"]!["phase"]!));
        Assert.Equal(begun.ToJsonString(), again.ToJsonString());
        Assert.Equal(begun.ToJsonString(), status.ToJsonString());
        Assert.Equal(("Failed", 4000), ((string)other["status"]!, (int)other["result"]!["code"]!));
        Assert.StartsWith("COMMIT_CONFLICT: ", (string)other["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_ThatCannotBegin_FailsInTheEnvelope()
    {
        AssertFailed(await CommitAsync("nobody", "mine:1"), "SANDBOX_NOT_FOUND: ");
        AssertFailed(await _server.GetAsync("/commit/nobody"), "STATUS_NOT_FOUND: ");
        AssertFailed(await CommitAsync("a b", "mine:1"), "'a b' is not a sandbox id");
    }

    [Fact]
    public async Task Commit_WithALineBreakInTheTag_IsAnInvalidParameter()
    {
        var answer = Parse(await CommitAsync("box", "mine\\n:1"));

        Assert.Equal(("Failed", "invalid parameter"), ((string)answer["status"]!, (string)answer["message"]!));
        Assert.Contains("image_tag", (string)answer["error"]!, StringComparison.Ordinal);
    }

    private Task<string> CommitAsync(object id, string tag) =>
        _server.PostAsync("/commit", $$"""{"sandbox_id":"{{id}}","image_tag":"{{tag}}","username":"u","password":"p"}""");

    private static void AssertFailed(string text, string begins)
    {
        var answer = Parse(text);
        Assert.Equal(("Failed", 4000), ((string)answer["status"]!, (int)answer["result"]!["code"]!));
        Assert.StartsWith(begins, (string)answer["error"]!, StringComparison.Ordinal);
    }

    private static JsonNode Parse(string text) => JsonNode.Parse(text)!;
}
