using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sandbox.Api.Tests.Servers;
using Sandbox.Cluster;

namespace Sandbox.Api.Tests.Envd;

public sealed class EnvdProxyTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Theory]
    [InlineData("POST", "/process.Process/Start")]
    [InlineData("POST", "/filesystem.Filesystem/ListDir")]
    [InlineData("GET", "/files?path=%2Ftmp%2Fa%20b&username=root")]
    [InlineData("POST", "/files?path=/x")]
    [InlineData("GET", "/health")]
    public async Task Request_NamingASandbox_ReachesItsAgentAsItIs(string method, string target)
    {
        var id = await _server.GivenRunningAsync();
        string? seen = null;
        _server.Agent.Routes["/envd" + target.Split('?')[0]] = async http =>
        {
            seen = $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString} {http.Request.ContentType} "
                + $"{http.Request.Headers.Authorization}";
            http.Response.Headers.ETag = "\"1\"";
            http.Response.ContentType = "application/odd";
            http.Response.StatusCode = 404;
            await http.Response.Body.WriteAsync(new byte[] { 0, 255, 10 });
        };
        using var request = To(id, method, target);
        request.Headers.TryAddWithoutValidation("Authorization", "Basic cm9vdDo=");
        if (method == "POST")
        {
            request.Content = new ByteArrayContent([1, 2]);
            request.Content.Headers.ContentType = new("application/connect+json");
        }

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal($"{method} /envd{target} {(method == "POST" ? "application/connect+json" : "")} Basic cm9vdDo=", seen);
        Assert.Equal((404, "application/odd"), ((int)answer.StatusCode, answer.Content.Headers.ContentType!.ToString()));
        Assert.Equal("\"1\"", answer.Headers.ETag?.Tag);
        Assert.Equal([0, 255, 10], await answer.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Stream_OfAnswers_FlowsPieceByPiece()
    {
        var id = await _server.GivenRunningAsync();
        var asked = new TaskCompletionSource();
        _server.Agent.Routes["/envd/process.Process/Connect"] = async http =>
        {
            await http.Response.Body.WriteAsync("one"u8.ToArray());
            await http.Response.Body.FlushAsync();
            await asked.Task;
            await http.Response.Body.WriteAsync("two"u8.ToArray());
        };
        using var request = To(id, "POST", "/process.Process/Connect");

        using var answer = await _server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[3];
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("one", Encoding.UTF8.GetString(buffer));
        asked.SetResult();
        await stream.ReadExactlyAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal("two", Encoding.UTF8.GetString(buffer));
        Assert.Equal(0, await stream.ReadAsync(buffer));
    }

    [Theory]
    [InlineData("application/connect+json")]
    [InlineData("application/octet-stream")]
    public async Task Stream_OfNoStatedLength_IsOpenForItsCallerBeforeItsFirstByte(string type)
    {
        var id = await _server.GivenRunningAsync();
        var read = new TaskCompletionSource();
        _server.Agent.Routes["/envd/files"] = async http =>
        {
            http.Response.ContentType = type;
            await http.Response.Body.FlushAsync();
            await read.Task;
            await http.Response.Body.WriteAsync("late"u8.ToArray());
        };
        using var request = To(id, "GET", "/files?path=/slow");

        using var answer = await _server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(
            TimeSpan.FromSeconds(60));

        Assert.False(read.Task.IsCompleted, "the headers were to come before anything was written");
        read.SetResult();
        Assert.Equal("late", await answer.Content.ReadAsStringAsync().WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task Answer_WithTheHeaderOfAWorkersOwnAnswers_LosesIt()
    {
        var id = await _server.GivenRunningAsync();
        _server.Agent.Routes["/envd/health"] = http =>
        {
            http.Response.Headers[NodeApiRoutes.OwnAnswer] = NodeApiRoutes.NotHere;
            return Task.CompletedTask;
        };
        using var request = To(id, "GET", "/health");

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.False(answer.Headers.Contains(NodeApiRoutes.OwnAnswer), "only a worker speaks for itself; what runs in a sandbox does not");
    }

    /// <summary>What runs in a sandbox answers at the API's own address, where a browser or a client with cookies obeys it.</summary>
    [Theory]
    [InlineData("Set-Cookie", "session=stolen")]
    [InlineData("Location", "https://attacker.example/")]
    [InlineData("WWW-Authenticate", "Basic")]
    [InlineData("Clear-Site-Data", "\"*\"")]
    [InlineData("Access-Control-Allow-Origin", "*")]
    [InlineData("Content-Security-Policy", "default-src *")]
    [InlineData("Strict-Transport-Security", "max-age=0")]
    [InlineData("Alt-Svc", "h3=\":443\"")]
    [InlineData("X-Own", "1")]
    public async Task Answer_WithAHeaderThatSaysNothingOfItsBody_LosesIt(string name, string value)
    {
        var id = await _server.GivenRunningAsync();
        _server.Agent.Routes["/envd/files"] = async http =>
        {
            http.Response.Headers[name] = value;
            http.Response.Headers.ContentDisposition = "inline";
            http.Response.ContentType = "text/html";
            await http.Response.WriteAsync("<script>");
        };
        using var request = To(id, "GET", "/files?path=/x");

        using var answer = await _server.Http.SendAsync(request);

        Assert.False(
            answer.Headers.NonValidated.Contains(name) || answer.Content.Headers.NonValidated.Contains(name),
            $"{name} was not to go on to the caller");
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal(("text/html", "inline"), (
            answer.Content.Headers.ContentType?.MediaType, answer.Content.Headers.ContentDisposition?.DispositionType));
        Assert.Equal("<script>", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Stream_WhileItLasts_CountsAsInFlightAndEndsWithItsReader()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        var gone = new TaskCompletionSource();
        server.Agent.Routes["/envd/process.Process/Start"] = async http =>
        {
            http.RequestAborted.Register(gone.SetResult);
            http.Response.ContentType = "application/connect+json";
            await http.Response.Body.FlushAsync();
            await gone.Task;
        };
        using var request = To(id, "POST", "/process.Process/Start");

        using (await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead))
        {
            Assert.Equal(1, server.Gateway.InFlight);
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("../etc")]
    public async Task Request_NamingNoSandbox_Is502InE2BsForm(string id)
    {
        using var request = To(id, "GET", "/health");

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(502, (int)answer.StatusCode);
        Assert.Equal($$"""{"sandboxId":"{{id}}","message":"The sandbox was not found","code":502}""", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Request_NamingAStopped_Is502()
    {
        var id = await _server.GivenStoppedAsync();
        using var request = To(id, "POST", "/process.Process/List");

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
    }

    [Fact]
    public async Task Request_ToAnotherPort_Is502NamingIt()
    {
        var id = await _server.GivenRunningAsync();
        _server.Agent.Answer("/rock/portforward", "{}", status: 502);
        using var request = To(id, "GET", "/health");
        request.Headers.Remove("E2b-Sandbox-Port");
        request.Headers.Add("E2b-Sandbox-Port", "49999");

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(
            $$"""{"sandboxId":"{{id}}","message":"The sandbox is running but port is not open","port":"49999","code":502}""",
            await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("POST", "/init")]
    [InlineData("POST", "/process.Process/../init")]
    [InlineData("POST", "/process.Process/..%2Finit")]
    [InlineData("GET", "/envs")]
    [InlineData("POST", "/agent/init")]
    public async Task Request_BesideTheRoad_NeverReachesTheAgent(string method, string target)
    {
        var id = await _server.GivenRunningAsync();
        var before = _server.Gateway.Opened;
        using var request = To(id, method, target);

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(before, _server.Gateway.Opened);
    }

    [Fact]
    public async Task Request_WithTheWrongMethod_Is405InE2BsForm()
    {
        var id = await _server.GivenRunningAsync();
        using var request = To(id, "DELETE", "/files?path=/");

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(405, (int)answer.StatusCode);
        Assert.Equal("""{"message":"Method Not Allowed","code":405}""", await answer.Content.ReadAsStringAsync());
    }

    private static HttpRequestMessage To(object id, string method, string target)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), target);
        request.Headers.TryAddWithoutValidation("E2b-Sandbox-Id", id.ToString());
        request.Headers.Add("E2b-Sandbox-Port", "49983");
        return request;
    }
}
