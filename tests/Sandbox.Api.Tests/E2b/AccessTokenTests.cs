using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.E2b;

/// <summary>A server that asks for keys, reached by callers that have none, but the token of one sandbox.</summary>
public sealed class AccessTokenTests : IAsyncLifetime
{
    private const string Path = "/home/user/a b.txt";

    private ApiServer _server = null!;
    private string _key = "";
    private (string Id, string Token) _sandbox;
    private (string Id, string Token) _other;

    public async ValueTask InitializeAsync()
    {
        _server = await ApiServer.StartAsync(("E2b:Domain", E2bServer.Domain));
        (_, _key) = await _server.GivenKeyAsync("red");
        _sandbox = await GivenAsync();
        _other = await GivenAsync();
        foreach (var path in new[] { "/envd/files", "/envd/process.Process/List", "/envd/health" })
        {
            _server.Agent.Routes[path] = async http =>
                await http.Response.WriteAsync($"{http.Request.Path}{http.Request.Headers["X-Access-Token"]}");
        }
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Token_OfASandbox_OpensItAndStaysOutside()
    {
        var (status, text) = await AskAsync("/process.Process/List", _sandbox.Id, token: _sandbox.Token);

        Assert.Equal((200, "/envd/process.Process/List"), (status, text));
    }

    [Theory]
    [InlineData("of another sandbox")]
    [InlineData("changed")]
    [InlineData("short")]
    public async Task Token_ThatIsNotThatOfTheSandbox_Is401(string which)
    {
        var token = which switch
        {
            "changed" => (_sandbox.Token[0] is '0' ? '1' : '0') + _sandbox.Token[1..],
            "short" => _sandbox.Token[..^1],
            _ => _other.Token,
        };

        Assert.Equal(
            (401, """{"message":"The access token is not that of this sandbox.","code":401}"""),
            await AskAsync("/process.Process/List", _sandbox.Id, token: token));
    }

    [Fact]
    public async Task Token_OfASandboxThatWasKilled_Is502()
    {
        using var killed = await _server.Http.SendAsync(Keyed(new HttpRequestMessage(HttpMethod.Delete, $"/sandboxes/{_sandbox.Id}")));

        Assert.Equal(
            (502, $$"""{"sandboxId":"{{_sandbox.Id}}","message":"The sandbox was not found","code":502}"""),
            await AskAsync("/health", _sandbox.Id, token: _sandbox.Token));
    }

    [Theory]
    [InlineData("/sandboxes")]
    [InlineData("/apis/envs/sandbox/v1/sandboxes")]
    [InlineData("/api/v1/sandboxes")]
    public async Task Token_OfASandbox_OpensNoRouteOfTheServer(string path)
    {
        Assert.Equal(401, (await AskAsync(path, _sandbox.Id, token: _sandbox.Token)).Status);
    }

    [Fact]
    public async Task Request_WithoutTokenOrKey_Is401()
    {
        Assert.Equal(401, (await AskAsync("/process.Process/List", _sandbox.Id, token: null)).Status);
        Assert.Equal(
            (401, """{"message":"missing signature query parameter","code":401}"""),
            await AskAsync("/files?path=/a", _sandbox.Id, token: null));
    }

    [Theory]
    [InlineData("", "read", 200, "/envd/files")]
    [InlineData("root", "read", 200, "/envd/files")]
    [InlineData("", "write", 401, """{"message":"invalid signature","code":401}""")]
    public async Task Signature_OfARead_ReadsThatFileAsThatUser(string user, string operation, int status, string text)
    {
        var query = $"?path={Uri.EscapeDataString(Path)}&username={user}&signature="
            + Uri.EscapeDataString(Sign(Path, operation, user, _sandbox.Token, null));

        Assert.Equal((status, text), await AskAsync("/files" + query, _sandbox.Id, token: null));
        Assert.Equal((status, text), await AskAtHostAsync("/files" + query));
        Assert.Equal(401, (await AskAsync("/files" + query.Replace("a%20b", "c", StringComparison.Ordinal), _sandbox.Id, null)).Status);
        Assert.Equal(401, (await AskAsync("/files" + query, _other.Id, token: null)).Status);
    }

    [Theory]
    [InlineData(1, 200, "/envd/files")]
    [InlineData(-1, 401, """{"message":"signature is already expired","code":401}""")]
    public async Task Signature_WithAnEnd_HoldsUntilThen(int hours, int status, string text)
    {
        var end = TimeProvider.System.GetUtcNow().AddHours(hours).ToUnixTimeSeconds();
        var signature = Uri.EscapeDataString(Sign(Path, "read", "", _sandbox.Token, end));
        var path = $"/files?path={Uri.EscapeDataString(Path)}&signature={signature}&signature_expiration=";

        Assert.Equal((status, text), await AskAsync(path + end.ToString(CultureInfo.InvariantCulture), _sandbox.Id, token: null));
        Assert.Equal(
            (401, """{"message":"invalid signature","code":401}"""),
            await AskAsync(path + (end + 1).ToString(CultureInfo.InvariantCulture), _sandbox.Id, token: null));
        Assert.Equal(
            (401, """{"message":"invalid signature","code":401}"""), await AskAsync(path + "soon", _sandbox.Id, token: null));
    }

    [Theory]
    [InlineData("/health", 200, "/envd/health")]
    [InlineData("/init", 404, """{"message":"Not Found","code":404}""")]
    [InlineData("/sandboxes", 404, """{"message":"Not Found","code":404}""")]
    public async Task Host_OfASandbox_ServesEnvdAndNothingOfTheServer(string path, int status, string text)
    {
        Assert.Equal((status, text), await AskAtHostAsync(path, _sandbox.Token));
        Assert.Equal(401, (await AskAtHostAsync(path, _other.Token)).Status);
        Assert.Equal(401, (await AskAtHostAsync(path)).Status);
    }

    [Fact]
    public async Task Port_OfASandbox_IsReachedByHostAndByHeader_WithTheTokenOnly()
    {
        _server.Agent.Answer("/rock/portforward", "{}", status: 502);
        var closed = $$"""{"sandboxId":"{{_sandbox.Id}}","message":"The sandbox is running but port is not open","port":"3000","""
            + "\"code\":502}";

        Assert.Equal((502, closed), await AskAtHostAsync("/x", _sandbox.Token, port: "3000"));
        Assert.Equal((502, closed), await AskAsync("/x", _sandbox.Id, _sandbox.Token, port: "3000"));
        Assert.Equal(401, (await AskAtHostAsync("/x", port: "3000")).Status);
        Assert.Equal(401, (await AskAsync("/x", _sandbox.Id, _other.Token, port: "3000")).Status);
        foreach (var port in new[] { "0", "65536", "03000", "+3000", "3000.0", "x" })
        {
            Assert.Equal(400, (await AskAsync("/x", _sandbox.Id, _sandbox.Token, port)).Status);
        }
    }

    private static string Sign(string path, string operation, string user, string token, long? end)
    {
        var text = $"{path}:{operation}:{user}:{token}" + (end is { } at ? $":{at.ToString(CultureInfo.InvariantCulture)}" : "");
        return "v1_" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text))).TrimEnd('=');
    }

    private async Task<(string Id, string Token)> GivenAsync()
    {
        using var answer = await _server.AskAsync(_key, "/v2/sandboxes", """{"templateID":"base"}""");
        using var made = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal(201, (int)answer.StatusCode);
        return (made.RootElement.GetProperty("sandboxID").GetString()!, made.RootElement.GetProperty("envdAccessToken").GetString()!);
    }

    private HttpRequestMessage Keyed(HttpRequestMessage request)
    {
        request.Headers.Add("X-API-KEY", _key);
        return request;
    }

    private Task<(int Status, string Text)> AskAtHostAsync(string path, string? token = null, string port = "49983") =>
        AskAsync(path, request => request.Headers.Host = $"{port}-{_sandbox.Id}.{E2bServer.Domain}", token);

    private Task<(int Status, string Text)> AskAsync(string path, string id, string? token, string? port = null) => AskAsync(
        path,
        request =>
        {
            request.Headers.Add("E2b-Sandbox-Id", id);
            request.Headers.TryAddWithoutValidation("E2b-Sandbox-Port", port ?? "49983");
        },
        token);

    private async Task<(int Status, string Text)> AskAsync(string path, Action<HttpRequestMessage> address, string? token)
    {
        var method = path.StartsWith("/process", StringComparison.Ordinal) ? HttpMethod.Post : HttpMethod.Get;
        using var request = new HttpRequestMessage(method, path);
        address(request);
        if (token is not null)
        {
            request.Headers.Add("X-Access-Token", token);
        }

        using var answer = await _server.Http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
