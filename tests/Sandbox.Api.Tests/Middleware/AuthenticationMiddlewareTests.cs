using System.Security.Cryptography;
using System.Text;
using Sandbox.Api.Tests.Servers;
using Sandbox.Client;
using Sandbox.Contracts.Ids;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Middleware;

public sealed class AuthenticationMiddlewareTests
{
    private const string Key = "a-key-of-this-test";

    private static readonly string Hash = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(Key)));

    [Theory]
    [InlineData("/apis/envs/sandbox/v1/get_token", """{"status":"Failed","message":"unauthorized","error":"A valid API key is needed (header X-API-Key, or Authorization: Bearer).","result":null}""")]
    [InlineData("/", """{"detail":"A valid API key is needed (header X-API-Key, or Authorization: Bearer)."}""")]
    [InlineData("/openapi.json", """{"detail":"A valid API key is needed (header X-API-Key, or Authorization: Bearer)."}""")]
    public async Task Request_WithoutTheKey_Is401InTheFormOfItsFace(string path, string body)
    {
        await using var server = await ApiServer.StartAsync(("Api:KeyHashes:0", Hash));

        using var none = await server.Http.GetAsync(path);
        using var wrong = await SendAsync(server, path, "X-API-Key", Key + "x");

        Assert.Equal(401, (int)none.StatusCode);
        Assert.Equal(body, await none.Content.ReadAsStringAsync());
        Assert.Equal(401, (int)wrong.StatusCode);
    }

    [Fact]
    public async Task Request_ToASandboxWithoutTheKey_Is401InE2BsForm()
    {
        await using var server = await ApiServer.StartAsync(("Api:KeyHashes:0", Hash));

        using var answer = await SendAsync(server, "/health", "E2b-Sandbox-Id", "a");

        Assert.Equal(401, (int)answer.StatusCode);
        Assert.Equal("""{"message":"A valid API key is needed (header X-API-Key, or Authorization: Bearer).","code":401}""", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("X-API-Key", Key)]
    [InlineData("Authorization", "Bearer " + Key)]
    [InlineData("Authorization", "bearer " + Key)]
    public async Task Request_WithTheKey_Passes(string header, string value)
    {
        await using var server = await ApiServer.StartAsync(("Api:KeyHashes:0", Hash));

        using var answer = await SendAsync(server, "/", header, value);

        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task KeyFile_HoldingKeysAndHashes_IsRead()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.File("keys"), $"# who\n\nsha256:{Hash}\n  plain-key  \n");
        await using var server = await ApiServer.StartAsync(("Api:KeyFile", folder.File("keys")));

        using var hashed = await SendAsync(server, "/", "X-API-Key", Key);
        using var plain = await SendAsync(server, "/", "X-API-Key", "plain-key");
        using var comment = await SendAsync(server, "/", "X-API-Key", "# who");

        Assert.Equal((200, 200, 401), ((int)hashed.StatusCode, (int)plain.StatusCode, (int)comment.StatusCode));
    }

    [Fact]
    public async Task Key_OfTheCaller_NeverEntersASandbox()
    {
        await using var server = await ApiServer.StartAsync(("Api:KeyHashes:0", Hash));
        using var client = new SandboxClient(server.Address, Key);
        await client.StartAndWaitAsync(new() { Image = "busybox", SandboxId = "a" }, null, default);
        string? seen = null;
        server.Agent.Routes["/envd/health"] = http =>
        {
            seen = string.Join('\n', http.Request.Headers.Select(header => header.ToString()));
            http.Response.StatusCode = 204;
            return Task.CompletedTask;
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Add("E2b-Sandbox-Id", "a");
        request.Headers.Add("X-API-Key", Key);
        request.Headers.Add("Authorization", "Bearer " + Key);

        using var answer = await server.Http.SendAsync(request);

        Assert.Equal(204, (int)answer.StatusCode);
        Assert.DoesNotContain(Key, seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LocalSocket_WithKeysConfigured_AsksForNone()
    {
        await using var server = await ApiServer.StartAsync(("Api:KeyHashes:0", Hash));
        using var client = SandboxClient.OverUnixSocket(server.Socket);

        var status = await client.StartAndWaitAsync(new() { Image = "busybox", SandboxId = "a" }, null, default);

        Assert.Equal("running", status.State);
        Assert.False(await client.IsAliveAsync(SandboxId.Parse("b"), default));
    }

    /// <summary>The key in a data folder is its owner's, and makes no other caller need one.</summary>
    [Fact]
    public async Task OwnersKey_IsGoodWithAndWithoutOthers()
    {
        await using var server = await ApiServer.StartAsync(("Api:OwnerKeyHash", Hash));

        using var none = await server.Http.GetAsync("/");
        var (_, red) = await server.GivenKeyAsync("red");
        using var noneBesideOthers = await server.Http.GetAsync("/");
        using var owner = await SendAsync(server, "/api/v1/keys", "X-API-Key", Key);
        using var tenant = await SendAsync(server, "/api/v1/keys", "X-API-Key", red);

        Assert.Equal(
            (200, 401, 200, 403),
            ((int)none.StatusCode, (int)noneBesideOthers.StatusCode, (int)owner.StatusCode, (int)tenant.StatusCode));
    }

    [Theory]
    [InlineData("evil.example", 403)]
    [InlineData("127.0.0.1.evil.example", 403)]
    [InlineData("192.168.1.5", 403)]
    [InlineData("localhost", 200)]
    [InlineData("sandbox.localhost:8080", 200)]
    [InlineData("127.0.0.1:8080", 200)]
    [InlineData("[::1]:8080", 200)]
    public async Task Host_WithoutKeys_MustBeLoopback(string host, int status)
    {
        await using var server = await ApiServer.StartAsync();

        using var answer = await SendAsync(server, "/", "Host", host);

        Assert.Equal(status, (int)answer.StatusCode);
    }

    private static async Task<HttpResponseMessage> SendAsync(ApiServer server, string path, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        return await server.Http.SendAsync(request);
    }
}
