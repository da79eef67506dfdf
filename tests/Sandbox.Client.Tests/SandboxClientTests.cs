using System.Text.Json;
using Sandbox.Client.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Client.Tests;

public sealed class SandboxClientTests
{
    private static readonly SandboxId Id = SandboxId.Parse("a");

    [Theory]
    [InlineData("""{"status":"Failed","message":"p","error":"no such thing","result":{"code":4000}}""", 200, "4000", "no such thing")]
    [InlineData("""{"status":"Failed","message":"invalid parameter","error":"body.image: Field required","result":null}""", 200, "failed", "invalid parameter: body.image: Field required")]
    [InlineData("""{"status":"Failed","message":"unauthorized","error":"A key is needed","result":null}""", 401, "failed", "A key is needed")]
    [InlineData("""{"status":"Failed","message":null,"error":null,"result":null}""", 200, "failed", "The server gave no reason.")]
    [InlineData("""{"status":"Success","message":"it is there already","error":null,"result":{"output":""}}""", 200, "failed", "it is there already")]
    [InlineData("""{"status":"Success","message":null,"error":null,"result":null}""", 200, "bad_answer", "The server's answer is not in the expected form.")]
    [InlineData("[]", 200, "bad_answer", "The server's answer is not in the expected form.")]
    [InlineData("<html>", 503, "http_503", "The server answered with HTTP status 503.")]
    [InlineData("", 502, "http_502", "The server answered with HTTP status 502.")]
    public async Task Call_Refused_ThrowsWithCodeAndText(string body, int status, string code, string text)
    {
        await using var server = await ScriptedServer.AnsweringAsync(body, status);
        using var client = new SandboxClient(server.Address, null);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(
            () => client.CreateSessionAsync(Id, new CreateSessionRequest(), default));

        Assert.Equal((code, text), (refused.Code, refused.Text));
    }

    [Fact]
    public async Task Call_ToNobody_ThrowsUnreachable()
    {
        using var client = new SandboxClient(new Uri("http://127.0.0.1:1"), null);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => client.IsAliveAsync(Id, default));

        Assert.Equal(SandboxClientException.Unreachable, refused.Code);
        Assert.StartsWith("The server at http://127.0.0.1:1/ does not answer: ", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_OverASocketThatIsNotThere_ThrowsUnreachable()
    {
        using var client = SandboxClient.OverUnixSocket("/nowhere/api.sock");

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => client.StatusAsync(Id, false, default));

        Assert.Equal(SandboxClientException.Unreachable, refused.Code);
    }

    [Fact]
    public async Task Call_Sent_CarriesTheKeyAndTheWholeRequest()
    {
        JsonElement seen = default;
        string? key = null;
        await using var server = await ScriptedServer.StartAsync(async http =>
        {
            key = http.Request.Headers["X-API-Key"];
            using var document = await JsonDocument.ParseAsync(http.Request.Body);
            seen = document.RootElement.Clone();
            await http.Response.Body.WriteAsync("""{"status":"Success","message":null,"error":null,"result":{"stdout":"x","stderr":"","exit_code":0}}"""u8.ToArray());
        });
        using var client = new SandboxClient(server.Address, "k");

        var result = await client.ExecuteAsync(Id, new ExecRequest { Command = JsonElement.Parse("""["echo","x"]"""), Timeout = 5 }, default);

        Assert.Equal(new ExecResult("x", "", 0), result);
        Assert.Equal(("k", "a", 5.0), (key, seen.GetProperty("sandbox_id").GetString(), seen.GetProperty("timeout").GetDouble()));
        Assert.Equal("""["echo","x"]""", seen.GetProperty("command").GetRawText());
    }

    [Theory]
    [InlineData("""{"image_pull":{"status":"failed","message":"no such image"}}""", "stopped", "Sandbox a failed to start in phase image_pull: no such image")]
    [InlineData("{}", "stopped", "Sandbox a is stopped: the node is gone.")]
    public async Task WaitUntilAlive_OfWhatFails_ThrowsWithTheReason(string phases, string state, string text)
    {
        await using var server = await ScriptedServer.AnsweringAsync(
            $$$"""{"status":"Success","message":null,"error":null,"result":{"sandbox_id":"a","state":"{{{state}}}","is_alive":false,"status":{{{phases}}},"reason":"the node is gone"}}""");
        using var client = new SandboxClient(server.Address, null);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => client.WaitUntilAliveAsync(Id, null, default));

        Assert.Equal(("5000", text), (refused.Code, refused.Text));
    }

    [Fact]
    public async Task Upload_ThatTheSandboxRefuses_Throws()
    {
        await using var server = await ScriptedServer.AnsweringAsync(
            """{"status":"Success","message":null,"error":null,"result":{"success":false,"message":"disk full","file_name":""}}""");
        using var client = new SandboxClient(server.Address, null);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(
            () => client.UploadAsync(Id, new MemoryStream([1]), "/tmp/x", default));

        Assert.Equal("disk full", refused.Text);
    }

    [Fact]
    public async Task Address_WithAPath_IsKept()
    {
        string? path = null;
        await using var server = await ScriptedServer.StartAsync(async http =>
        {
            path = http.Request.Path;
            await http.Response.Body.WriteAsync("""{"status":"Success","message":null,"error":null,"result":{"is_alive":true,"message":""}}"""u8.ToArray());
        });
        using var client = new SandboxClient(new Uri(server.Address, "/behind/a/gateway"), null);

        Assert.True(await client.IsAliveAsync(Id, default));

        Assert.Equal("/behind/a/gateway/apis/envs/sandbox/v1/is_alive", path);
    }
}
