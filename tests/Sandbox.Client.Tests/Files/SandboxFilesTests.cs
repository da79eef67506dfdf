using Microsoft.AspNetCore.Http;
using Sandbox.Client.Tests.Servers;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Client.Tests.Files;

public sealed class SandboxFilesTests
{
    private static readonly SandboxId Id = SandboxId.Parse("a");

    [Fact]
    public async Task Transfer_BothWays_KeepsEveryByteAndThePath()
    {
        var stored = Array.Empty<byte>();
        var targets = new List<string>();
        await using var server = await ScriptedServer.StartAsync(async http =>
        {
            targets.Add($"{http.Request.Method} {http.Request.Query["path"]} {http.Request.Headers["E2b-Sandbox-Id"]}");
            if (HttpMethods.IsPost(http.Request.Method))
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body);
                stored = body.ToArray();
                await http.Response.Body.WriteAsync("[]"u8.ToArray());
                return;
            }

            await http.Response.Body.WriteAsync(stored);
        });
        using var client = new SandboxClient(server.Address, null);
        var bytes = Enumerable.Range(0, 300_000).Select(index => (byte)(index * 7)).ToArray();

        await client.Files(Id).UploadAsync("/tmp/a b&c", new MemoryStream(bytes), default);
        using var back = new MemoryStream();
        await client.Files(Id).DownloadAsync("/tmp/a b&c", back, default);

        Assert.Equal(bytes, back.ToArray());
        Assert.Equal(["POST /tmp/a b&c a", "GET /tmp/a b&c a"], targets);
    }

    [Fact]
    public async Task Download_OfWhatIsMissing_Throws()
    {
        await using var server = await ScriptedServer.AnsweringAsync("""{"code":404,"message":"file '/x' does not exist"}""", 404);
        using var client = new SandboxClient(server.Address, null);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => client.Files(Id).OpenReadAsync("/x", default));

        Assert.Equal(("not_found", "file '/x' does not exist"), (refused.Code, refused.Text));
    }

    [Fact]
    public async Task Stat_OfAFile_ReadsTheEntry()
    {
        await using var server = await ScriptedServer.AnsweringAsync(
            """{"entry":{"name":"x","type":"FILE_TYPE_FILE","path":"/x","size":"5","mode":420,"permissions":"-rw-r--r--","modifiedTime":"2026-01-02T03:04:05Z"}}""");
        using var client = new SandboxClient(server.Address, null);

        var entry = await client.Files(Id).StatAsync("/x", default);

        Assert.Equal(("x", FileType.FILE_TYPE_FILE, 5L), (entry.Name, entry.Type, entry.Size));
    }

    [Fact]
    public async Task MakeFolder_ThatExists_ThrowsItsCode()
    {
        await using var server = await ScriptedServer.AnsweringAsync("""{"code":"already_exists","message":"it is there"}""", 409);
        using var client = new SandboxClient(server.Address, null);

        var refused = await Assert.ThrowsAsync<SandboxClientException>(() => client.Files(Id).MakeFolderAsync("/x", default));

        Assert.Equal("already_exists", refused.Code);
    }

    [Fact]
    public async Task Watch_OfAFolder_SaysThatItBeganAndWhatChanged()
    {
        await using var server = await ScriptedServer.StartAsync(async http =>
        {
            http.Response.ContentType = "application/connect+json";
            await http.Response.Body.WriteAsync(ScriptedServer.Frame("""{"start":{}}"""));
            await http.Response.Body.WriteAsync(ScriptedServer.Frame("""{"keepalive":{}}"""));
            await http.Response.Body.WriteAsync(ScriptedServer.Frame("""{"filesystem":{"name":"n","type":"EVENT_TYPE_CREATE"}}"""));
            await http.Response.Body.WriteAsync(ScriptedServer.End());
        });
        using var client = new SandboxClient(server.Address, null);

        var events = new List<FilesystemEvent?>();
        await foreach (var change in client.Files(Id).WatchAsync("/tmp", true, default))
        {
            events.Add(change);
        }

        Assert.Equal([null, new FilesystemEvent("n", FilesystemEventType.EVENT_TYPE_CREATE)], events);
    }
}
