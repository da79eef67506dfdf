using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Ports;

/// <summary>The proxy to web servers inside sandboxes, with a stand-in for the agent whose tunnels end at a server of the test's.</summary>
public sealed class PortProxyTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_OfAnyMethod_GoesInsideAsItIs_WithoutTheCallersKeysAndCookies()
    {
        var (sandbox, seen) = (await _server.GivenRunningAsync(), new List<string>());
        await using var inside = await InsideProgram.StartAsync(_server.Agent, async http =>
        {
            using var body = new StreamReader(http.Request.Body);
            var headers = http.Request.Headers;
            seen.Add(
                $"{http.Request.Method} {http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget} {headers.Host} "
                + $"{headers["X-Mine"]} [{headers["X-API-Key"]}{headers.Authorization}] [{headers.Cookie}] {await body.ReadToEndAsync()}");
            await http.Response.WriteAsync("answered");
        });
        using var request = new HttpRequestMessage(
            HttpMethod.Patch, new Uri(
                $"{_server.Address}apis/envs/sandbox/v1/sandboxes/{sandbox}/proxy/port/3000/a%2Fb/./c;d?x=%20y&x=z",
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Headers.Add("X-Mine", "kept");
        request.Headers.Add("Cookie", "session=of-the-dashboard; sandbox.sid=7");
        request.Content = new StringContent("body");

        using var answer = await _server.Http.SendAsync(request, Cancelled);

        Assert.Equal("answered", await answer.Content.ReadAsStringAsync(Cancelled));
        Assert.Equal(["PATCH /a%2Fb/./c;d?x=%20y&x=z localhost:3000 kept [] [sid=7] body"], seen);
        Assert.Equal([3000], inside.Tunnels);
    }

    [Theory]
    [InlineData("/proxy/a", null, 8080)]
    [InlineData("/proxy", null, 8080)]
    [InlineData("/proxy/port/9000", null, 9000)]
    [InlineData("/proxy/a?rock_target_port=9001", null, 9001)]
    [InlineData("/proxy/a", "9002", 9002)]
    [InlineData("/proxy/port/65535/", null, 65535)]
    [InlineData("/proxy/port/1/", null, 1)]
    [InlineData("/vnc", null, 8006)]
    [InlineData("/vnc/index.html", null, 8006)]
    public async Task Port_NamedOnce_IsTheOneOfTheSandbox(string path, string? header, int port)
    {
        var sandbox = await _server.GivenRunningAsync();
        await using var inside = await InsideProgram.StartAsync(_server.Agent, static http => http.Response.WriteAsync("here"));

        using var answer = await AskAsync(sandbox + path, header);

        Assert.Equal((HttpStatusCode.OK, "here"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled)));
        Assert.Equal([port], inside.Tunnels);
    }

    [Theory]
    [InlineData("/proxy/port/9000/a?rock_target_port=9000", null)]
    [InlineData("/proxy/port/9000/a", "9000")]
    [InlineData("/proxy/a?rock_target_port=9000", "9000")]
    [InlineData("/proxy/a?rock_target_port=9000&ROCK_TARGET_PORT=9001", null)]
    public async Task Port_NamedTwice_IsRefused(string path, string? header)
    {
        using var answer = await AskAsync(await _server.GivenRunningAsync() + path, header);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(
            """{"detail":"The port is named 2 times: name it once, in the path, in X-ROCK-Target-Port or in rock_target_port."}""",
            await answer.Content.ReadAsStringAsync(Cancelled));
    }

    /// <summary>Everything that could be read as a port by one and as another, or as none, by somebody else.</summary>
    [Fact]
    public async Task Port_InAnySpellingButOne_IsRefusedAndNothingGoesInside()
    {
        var sandbox = await _server.GivenRunningAsync();
        await using var inside = await InsideProgram.StartAsync(_server.Agent, static http => http.Response.WriteAsync("reached"));
        var addresses = BypassCorpus.Addresses(sandbox.ToString()).ToList();
        Assert.True(addresses.Count >= 500, $"the corpus was to have 500 addresses, and has {addresses.Count}");
        var passed = new List<string>();

        foreach (var (address, header) in addresses)
        {
            var answer = await RawExchange.AskAsync(_server.Address, address, header, Cancelled);
            if (!answer.StartsWith("HTTP/1.1 4", StringComparison.Ordinal))
            {
                passed.Add($"{address} {header}: {answer.Split('\r')[0]}");
            }
        }

        Assert.True(passed.Count == 0, "each of these was to be refused:\n" + string.Join('\n', passed));
        Assert.Empty(inside.Tunnels);
    }

    [Fact]
    public async Task Connection_ToTheSamePort_IsUsedAgain()
    {
        var sandbox = await _server.GivenRunningAsync();
        await using var inside = await InsideProgram.StartAsync(_server.Agent, static http => http.Response.WriteAsync("here"));

        for (var request = 0; request < 5; request++)
        {
            using var answer = await AskAsync($"{sandbox}/proxy/a");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        Assert.Single(inside.Tunnels);
        Assert.Equal(0, _server.Gateway.InFlight);
    }

    [Fact]
    public async Task WebSocket_WithAQueryAndASubprotocol_CarriesMessagesBothWays()
    {
        var (sandbox, query) = (await _server.GivenRunningAsync(), "");
        await using var inside = await InsideProgram.StartAsync(_server.Agent, async http =>
        {
            query = http.Request.QueryString.Value;
            using var accepted = await http.WebSockets.AcceptWebSocketAsync(http.WebSockets.WebSocketRequestedProtocols[1]);
            var got = new byte[64];
            var message = await accepted.ReceiveAsync(got.AsMemory(), default);
            await accepted.SendAsync(got.AsMemory(0, message.Count), message.MessageType, endOfMessage: true, default);
            await accepted.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", default);
        });
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("first");
        socket.Options.AddSubProtocol("second");

        await socket.ConnectAsync(new Uri($"ws://{_server.Address.Authority}{ApiServer.Rock}/sandboxes/{sandbox}/proxy/ws?a=1"), Cancelled);
        await socket.SendAsync("text"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Cancelled);
        var buffer = new byte[64];
        var echoed = await socket.ReceiveAsync(buffer.AsMemory(), Cancelled);
        await socket.ReceiveAsync(buffer.AsMemory(4), Cancelled);

        Assert.Equal(("second", "?a=1"), (socket.SubProtocol, query));
        Assert.Equal((WebSocketMessageType.Text, "text"), (echoed.MessageType, Encoding.UTF8.GetString(buffer, 0, echoed.Count)));
        Assert.Equal("done", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task WebSocket_ToABadPort_IsClosedAsAPolicyViolation()
    {
        using var socket = new ClientWebSocket();
        var sandbox = await _server.GivenRunningAsync();

        await socket.ConnectAsync(
            new Uri($"ws://{_server.Address.Authority}{ApiServer.Rock}/sandboxes/{sandbox}/proxy/ws?rock_target_port=0"), Cancelled);
        await socket.ReceiveAsync(new byte[64].AsMemory(), Cancelled);

        Assert.Equal(WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
    }

    [Fact]
    public async Task Stream_OfEvents_ArrivesEventByEvent()
    {
        var (sandbox, go) = (await _server.GivenRunningAsync(), new TaskCompletionSource());
        await using var inside = await InsideProgram.StartAsync(_server.Agent, async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: one\n\n");
            await http.Response.Body.FlushAsync();
            await go.Task;
            await http.Response.WriteAsync("data: two\n\n");
        });

        using var answer = await _server.Http.GetAsync(
            new Uri($"{ApiServer.Rock}/sandboxes/{sandbox}/proxy/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead,
            Cancelled);
        using var events = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancelled));

        // The second one waits for us: the first cannot have been kept back until the end.
        Assert.Equal("data: one", await events.ReadLineAsync(Cancelled));
        go.SetResult();
        Assert.Equal("\ndata: two\n\n", await events.ReadToEndAsync(Cancelled));
    }

    [Theory]
    [InlineData("/login?next=1", "PREFIX/login?next=1")]
    [InlineData("next", "next")]
    [InlineData("http://localhost:3000/b#c", "PREFIX/b#c")]
    [InlineData("https://elsewhere.example/b", "PREFIX/b")]
    [InlineData("//elsewhere.example/b", "PREFIX/b")]
    [InlineData("/\\elsewhere.example/b", "PREFIX/b")]
    [InlineData("javascript:alert(1)", "PREFIX/")]
    public async Task Redirect_WhereverItPoints_StaysBelowTheSandbox(string location, string expected)
    {
        var sandbox = await _server.GivenRunningAsync();
        await using var inside = await InsideProgram.StartAsync(_server.Agent, http =>
        {
            (http.Response.StatusCode, http.Response.Headers.Location) = (302, location);
            return Task.CompletedTask;
        });
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });

        using var answer = await client.GetAsync(
            new Uri(_server.Address, $"{ApiServer.Rock}/sandboxes/{sandbox}/proxy/port/3000/a"), Cancelled);

        Assert.Equal(
            expected.Replace("PREFIX", $"{ApiServer.Rock}/sandboxes/{sandbox}/proxy/port/3000", StringComparison.Ordinal),
            answer.Headers.GetValues("Location").Single());
    }

    [Fact]
    public async Task Answer_WithCookiesAndPolicies_ReachesNoFurtherThanItsSandbox()
    {
        var sandbox = await _server.GivenRunningAsync();
        await using var inside = await InsideProgram.StartAsync(_server.Agent, http =>
        {
            http.Response.Headers.Append("Set-Cookie", "sid=1; Domain=example.com; Path=/app; HttpOnly");
            http.Response.Headers.Append("Set-Cookie", "other=2");
            http.Response.Headers.Append("Strict-Transport-Security", "max-age=1000");
            http.Response.Headers.Append("Clear-Site-Data", "\"cookies\"");
            http.Response.Headers.Append("X-Other", "kept");
            return http.Response.WriteAsync("<script>");
        });
        var prefix = $"{ApiServer.Rock}/sandboxes/{sandbox}/proxy";
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });

        using var answer = await client.GetAsync(new Uri(_server.Address, $"{prefix}/page"), Cancelled);

        Assert.Equal(
            [$"sandbox.sid=1; path={prefix}/app; httponly", $"sandbox.other=2; path={prefix}"], answer.Headers.GetValues("Set-Cookie"));
        Assert.Equal("kept", answer.Headers.GetValues("X-Other").Single());
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"), "one sandbox was not to set a policy for the whole host");
        Assert.False(answer.Headers.Contains("Clear-Site-Data"), "one sandbox was not to clear what others have");
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.StartsWith("sandbox ", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("allow-same-origin", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_AtWhichNothingListens_Answers502WithTheReason()
    {
        var sandbox = await _server.GivenRunningAsync();
        await using var inside = await InsideProgram.StartAsync(_server.Agent, static http => http.Response.WriteAsync("here"));
        inside.Closed = 9999;

        using var answer = await AskAsync($"{sandbox}/proxy/port/9999/");

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal("""{"detail":"nothing listens on port 9999 in the sandbox"}""", await answer.Content.ReadAsStringAsync(Cancelled));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-not-http\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n")]
    public async Task Program_ThatAnswersNoHttp_Answers502WithTheReason(string said)
    {
        var sandbox = await _server.GivenRunningAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        InsideProgram.Tunnel(_server.Agent, ((IPEndPoint)listener.LocalEndpoint).Port);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var serving = ServeAsync(listener, said, end.Token);

        using var answer = await AskAsync($"{sandbox}/proxy/port/2222/");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => serving);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Equal(
            """{"detail":"what listens on port 2222 gave no answer of HTTP"}""", await answer.Content.ReadAsStringAsync(Cancelled));
    }

    [Fact]
    public async Task Sandbox_ThatIsNotThere_IsToldInRocksEnvelope()
    {
        using var answer = await AskAsync("nobody/proxy/a");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith("""{"status":"Failed",""", await answer.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    /// <summary>Every connection: what ends before an answer begins is asked again.</summary>
    private static async Task ServeAsync(TcpListener listener, string said, CancellationToken cancellationToken)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(cancellationToken);
            _ = await client.GetStream().ReadAsync(new byte[1024], cancellationToken);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(said), cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> AskAsync(string below, string? header = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{ApiServer.Rock}/sandboxes/{below}");
        if (header is not null)
        {
            request.Headers.Add("X-ROCK-Target-Port", header);
        }

        return await _server.Http.SendAsync(request, Cancelled);
    }
}
