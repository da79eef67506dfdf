using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using Sandbox.Api.Tests.Servers;
using Sandbox.Testing;

namespace Sandbox.Api.Tests.Auth;

/// <summary>Who may drive a server that asks for no key: what browsers send for pages of other origins, what proxies send, and programs of
/// other users of the machine.</summary>
public sealed class AnonymousCallersTests : IAsyncLifetime
{
    private const string Start = """{"image":"busybox","sandbox_id":"planted","auto_delete_seconds":3600}""";

    private ApiServer _server = null!;

    private string Own => $"http://{_server.Address.Authority}";

    public async ValueTask InitializeAsync() => _server = await ApiServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>A page of another port of this machine is another origin: above all a web app that was built in a sandbox and is looked at
    /// through a tunnel.</summary>
    [Theory]
    [InlineData("Origin", "http://localhost:3000")]
    [InlineData("Origin", "http://127.0.0.1")]
    [InlineData("Origin", "https://{own}")]
    [InlineData("Origin", "http://localhost:{port}")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "unheard-of")]
    public async Task Page_OfAnotherOrigin_ChangesAndLearnsNothing(string header, string value)
    {
        foreach (var (method, path, body) in Attempts())
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.TryAddWithoutValidation(header, Filled(value));
            request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "text/plain");

            using var answer = await _server.Http.SendAsync(request);

            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode is HttpStatusCode.Forbidden, $"{header}: {value} was to be refused at {path}, not {text}");
            Assert.Contains("no page of another origin", text, StringComparison.Ordinal);
        }

        await AssertNothingMadeAsync();
    }

    [Theory]
    [InlineData("Origin", "http://{own}")]
    [InlineData("Sec-Fetch-Site", "same-origin")]
    [InlineData("Sec-Fetch-Site", "none")]
    public async Task Page_OfThisServer_IsServed(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, ApiServer.Rock + "/get_token");
        request.Headers.TryAddWithoutValidation(header, Filled(value));

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task WebSocket_OfAnotherOrigin_IsRefused()
    {
        var id = await _server.GivenRunningAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", "http://localhost:3000");

        var refused = await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(
            new Uri($"ws://{_server.Address.Authority}{ApiServer.Rock}/sandboxes/{id}/portforward?port=80"),
            TestContext.Current.CancellationToken));

        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>These a page may send without that the browser asks the server first.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Body_ThatDoesNotSayThatItIsJson_IsReadByNoRoute(string? contentType)
    {
        foreach (var (_, path, body) in Attempts().Where(attempt => attempt.Body is not null))
        {
            using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body!));
            content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);

            using var answer = await _server.Http.PostAsync(path, content);

            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(
                answer.StatusCode is HttpStatusCode.UnsupportedMediaType
                    || text.StartsWith("{\"status\":\"Failed\"", StringComparison.Ordinal),
                $"{path} was to refuse {contentType ?? "a body of no type"}, not to answer {text}");
        }

        await AssertNothingMadeAsync();
    }

    [Theory]
    [InlineData("Via", "1.1 sandbox-node")]
    [InlineData("Forwarded", "for=192.0.2.9")]
    [InlineData("X-Forwarded-For", "192.0.2.9")]
    public async Task Request_ThroughAProxy_IsRefused(string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/tenants");
        request.Headers.TryAddWithoutValidation(header, value);

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    /// <summary>With a key, all of this is the caller's own business.</summary>
    [Fact]
    public async Task Caller_WithAKey_IsServedWhateverElseItSends()
    {
        var (_, secret) = await _server.GivenKeyAsync("red");
        using var request = new HttpRequestMessage(HttpMethod.Get, ApiServer.Rock + "/get_token");
        request.Headers.Add("X-API-Key", secret);
        request.Headers.Add("Origin", "https://app.example");
        request.Headers.Add("Via", "1.1 proxy");

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [NeedsRootFact]
    public async Task Program_OfAnotherUser_IsRefused_AndOfTheOwnOneServed()
    {
        var own = await CurlAsync();
        var other = await CurlAsync("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");

        Assert.EndsWith("200", own, StringComparison.Ordinal);
        Assert.EndsWith("403", other, StringComparison.Ordinal);
        Assert.Contains("only to programs of the user that runs it", other, StringComparison.Ordinal);
    }

    [NeedsRootFact]
    public async Task Program_OfAnotherUser_WithAKey_IsServed()
    {
        var (_, secret) = await _server.GivenKeyAsync("red");

        var answer = await CurlAsync("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", $"KEY={secret}");

        Assert.EndsWith("200", answer, StringComparison.Ordinal);
    }

    private static IEnumerable<(HttpMethod Method, string Path, string? Body)> Attempts() =>
    [
        (HttpMethod.Post, ApiServer.Rock + "/start_async", Start),
        (HttpMethod.Post, "/api/v1/tenants", """{"name":"planted"}"""),
        (HttpMethod.Post, "/api/v1/keys", """{"admin":true}"""),
        (HttpMethod.Get, ApiServer.Rock + "/sandboxes", null),
    ];

    private string Filled(string value) => value
        .Replace("{own}", _server.Address.Authority, StringComparison.Ordinal)
        .Replace("{port}", $"{_server.Address.Port}", StringComparison.Ordinal);

    private async Task AssertNothingMadeAsync()
    {
        Assert.Null(await _server.Store.FindAsync(Contracts.Ids.SandboxId.Parse("planted"), TestContext.Current.CancellationToken));
        Assert.Null(await _server.Tenants.FindAsync("planted", TestContext.Current.CancellationToken));
        Assert.False(await _server.Tenants.HasKeysAsync(TestContext.Current.CancellationToken), "no key was to be made");
    }

    private async Task<string> CurlAsync(params string[] before)
    {
        var curl = $"curl -s -w '%{{http_code}}' ${{KEY:+-H \"X-API-Key: $KEY\"}} {Own}{ApiServer.Rock}/get_token";
        string[] command = [.. before, "sh", "-c", curl];
        var start = new System.Diagnostics.ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        using var process = System.Diagnostics.Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return said;
    }
}
