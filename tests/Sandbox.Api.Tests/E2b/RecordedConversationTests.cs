using System.Text;

namespace Sandbox.Api.Tests.E2b;

/// <summary>Each route of the control plane, as its clients ask, and each way in which it fails: the exact answer.</summary>
public sealed class RecordedConversationTests(E2bServer server) : IClassFixture<E2bServer>
{
    private const string Access =
        """201 {"sandboxID":"ID","templateID":"tools","alias":"team/tools","clientID":"sandbox-"""
        + """aspire","envdVersion":"0.6.13","envdAccessToken":"TOKEN","trafficAccessToken":"TOKEN","domain":"sandboxes.example"}""";

    private const string Listed =
        """{"sandboxID":"ID","templateID":"tools","alias":"team/tools","clientID":"sandbox-"""
        + """aspire","startedAt":"TIME","endAt":"TIME","state":"running","cpuCount":1,"memoryMB":256,"diskSizeMB":10240"""
        + ""","envdVersion":"0.6.13","metadata":{"a":"b c"},"volumeMounts":[]""";

    private const string Connected = "200 and what it takes to use it";

    private const string NotFound = """404 {"code":404,"message":"Sandbox ID not found."}""";

    [Theory]
    [InlineData("GET", "/sandboxes/ID", null, "200 " + Listed
        + ""","domain":"sandboxes.example","allowInternetAccess":true,"lifecycle":{"onTimeout":"kill","autoResume":false}}""")]
    [InlineData("POST", "/v2/sandboxes/ID/connect", "{}", Connected)]
    [InlineData("POST", "/sandboxes/ID/connect", """{"timeout":30}""", Connected)]
    [InlineData("POST", "/sandboxes/ID/timeout", """{"timeout":600}""", "204")]
    [InlineData("DELETE", "/sandboxes/ID", null, "204")]
    [InlineData("PUT", "/sandboxes/ID/network", """{"denyOut":["0.0.0.0/0"],"allowOut":["pypi.org"]}""", "204")]
    [InlineData("GET", "/sandboxes/ID/metrics", null,
        """200 [{"timestamp":"TIME","timestampUnix":0,"cpuCount":1,"cpuUsedPct":12.5,"memTotal":268435456,"memUsed":134217728"""
        + ""","memCache":0,"diskTotal":10737418240,"diskUsed":2684354560}]""")]
    [InlineData("GET", "/sandboxes/ID/metrics?start=0&end=1", null, "200 []")]
    public async Task Request_OfASandboxThatRuns_IsAnsweredSo(string method, string path, string? body, string expected)
    {
        var (id, _) = await server.GivenAsync(""","metadata":{"a":"b c"}""");

        using var answer = await server.AskAsync(method, path.Replace("ID", id, StringComparison.Ordinal), body);

        Assert.Equal(
            expected is Connected ? "200" + Access[3..] : expected, await E2bServer.RecordAsync(answer, id));
    }

    [Theory]
    [InlineData("/v2/sandboxes")]
    [InlineData("/sandboxes")]
    public async Task Create_IsAnsweredWithWhatItTakesToUseTheSandbox(string path)
    {
        using var answer = await server.AskAsync("POST", path, """{"templateID":"team/tools","timeout":60,"metadata":{"a":"b"}}""");
        var text = await answer.Content.ReadAsStringAsync();

        var id = text.Split('"')[3];
        Assert.Matches("^[a-z0-9]+$", id);
        Assert.Equal(Access, await E2bServer.RecordAsync(answer, id));
    }

    [Theory]
    [InlineData("GET", "/sandboxes/ID", null)]
    [InlineData("POST", "/v2/sandboxes/ID/connect", "{}")]
    [InlineData("POST", "/sandboxes/ID/timeout", """{"timeout":1}""")]
    [InlineData("DELETE", "/sandboxes/ID", null)]
    [InlineData("PUT", "/sandboxes/ID/network", "{}")]
    [InlineData("GET", "/sandboxes/ID/metrics", null)]
    public async Task Request_OfASandboxThatWasKilledOrNeverWas_Is404InTheBody(string method, string path, string? body)
    {
        var (killed, _) = await server.GivenAsync();
        using var gone = await server.AskAsync("DELETE", $"/sandboxes/{killed}");
        Assert.Equal(204, (int)gone.StatusCode);

        foreach (var id in new[] { killed, "neverwas" })
        {
            using var answer = await server.AskAsync(method, path.Replace("ID", id, StringComparison.Ordinal), body);

            Assert.Equal(NotFound, await E2bServer.RecordAsync(answer, id));
        }
    }

    [Theory]
    [InlineData("POST", "/v2/sandboxes", "{}", "400", "templateID: is missing")]
    [InlineData("POST", "/v2/sandboxes", """{"templateID":"nope"}""", "400", "templateID: there is no template 'nope'")]
    [InlineData("POST", "/v2/sandboxes", """{"templateID":"base","timeout":-1}""", "400", "timeout: must not be negative")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","timeout":86401}""", "400",
        "timeout: cannot be greater than 24 hours (E2b:MaxTimeout)")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","metadata":{"a":1}}""", "400", "The body is not JSON of the expected form.")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","metadata":{"a":"\u0000"}}""", "400", "The body contains a NUL character.")]
    [InlineData("POST", "/v2/sandboxes", "[", "400", "The body is not JSON of the expected form.")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","metadata":{"sandbox.aspire/e2b-template":"x"}}""", "400",
        "metadata: must not have the entry sandbox.aspire/e2b-template")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","autoPause":true}""", "501",
        "autoPause is not supported here: a sandbox cannot be paused; it is killed when its timeout is over")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","volumeMounts":[{"name":"v","path":"/v"}]}""", "501",
        "volumeMounts is not supported here: there are no volumes")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","mcp":{"x":{}}}""", "501",
        "mcp is not supported here: there is no gateway for MCP")]
    [InlineData(
        "POST", "/v2/sandboxes", """{"templateID":"base","network":{"denyOut":["10.0.0.0/8"],"allowOut":["10.1.0.0/16"]}}""", "501",
        "network.allowOut with a denyOut that is not all traffic is not supported here: deny 0.0.0.0/0, or allow nothing in particular")]
    [InlineData("POST", "/sandboxes/x/timeout", "{}", "400", "timeout: is missing")]
    [InlineData("POST", "/sandboxes/x/timeout", """{"timeout":"1"}""", "400", "The body is not JSON of the expected form.")]
    [InlineData(
        "GET", "/sandboxes/not%20an%20id", null, "400",
        "'not an id' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit.")]
    [InlineData(
        "GET", "/sandboxes/x/metrics?start=2&end=1", null, "400", "start and end: seconds since 1970, and start not after end.")]
    [InlineData("GET", "/sandboxes/x/metrics?start=soon", null, "400", "start and end: seconds since 1970, and start not after end.")]
    [InlineData("GET", "/v2/sandboxes?limit=0", null, "400", "limit: a whole number from 1 to 100.")]
    [InlineData("GET", "/v2/sandboxes?limit=101", null, "400", "limit: a whole number from 1 to 100.")]
    [InlineData("GET", "/v2/sandboxes?nextToken=%21", null, "400", "nextToken: it is none of this server's.")]
    [InlineData("GET", "/v2/sandboxes?nextToken=YWJj", null, "400", "nextToken: it is none of this server's.")]
    [InlineData("GET", "/v2/sandboxes?state=asleep", null, "400", "state: running or paused, or both with a comma between them.")]
    [InlineData("GET", "/v2/sandboxes?order=up", null, "400", "order: asc or desc.")]
    [InlineData("GET", "/v2/sandboxes?startedAfter=soon", null, "400", "startedAfter: a time as 2030-01-31T00:00:00Z.")]
    [InlineData(
        "GET", "/v2/sandboxes?metadata=a", null, "400",
        "metadata: a form-encoded list of entries (name=value&name=value), encoded once more as a whole.")]
    [InlineData(
        "GET", "/v2/sandboxes?metadata=a%3D%25zz", null, "400",
        "metadata: a form-encoded list of entries (name=value&name=value), encoded once more as a whole.")]
    [InlineData(
        "GET", "/v2/sandboxes?metadata=a%3D%2525zz", null, "400",
        "metadata: a form-encoded list of entries (name=value&name=value), encoded once more as a whole.")]
    [InlineData("GET", "/templates/aliases/nope", null, "404", "There is no template of this name.")]
    [InlineData("POST", "/sandboxes/x/pause", "{}", "501", "Sandboxes are not paused, forked or kept as snapshots yet.")]
    [InlineData("GET", "/snapshots", null, "501", "Sandboxes are not paused, forked or kept as snapshots yet.")]
    [InlineData(
        "POST", "/v3/templates", "{}", "501",
        "Templates are not built by this API: the operator of this server names images as templates (E2b:Templates).")]
    [InlineData("GET", "/volumes", null, "501", "There are no volumes yet.")]
    [InlineData("GET", "/secrets", null, "501", "There are no secrets yet.")]
    [InlineData("GET", "/v2/nothing", null, "404", "Not Found")]
    [InlineData("PATCH", "/sandboxes", null, "405", "Method Not Allowed")]
    public async Task Request_ThatCannotBe_FailsInE2BsForm(string method, string path, string? body, string status, string message)
    {
        using var answer = await server.AskAsync(method, path, body);

        Assert.Equal($$"""{{status}} {"code":{{status}},"message":"{{message}}"}""", await E2bServer.RecordAsync(answer, "no id"));
    }

    [Fact]
    public async Task Request_WithABodyOfAnotherKind_Is415AndOneThatIsTooLarge413()
    {
        using var form = new StringContent("templateID=base", Encoding.UTF8, "application/x-www-form-urlencoded");
        using var other = await server.Api.Http.PostAsync("/v2/sandboxes", form);
        using var large = await server.AskAsync("POST", "/v2/sandboxes", $"\"{new string('x', 2 * 1024 * 1024)}\"");

        Assert.Equal(
            """415 {"code":415,"message":"The body must have the content type application/json."}""",
            await E2bServer.RecordAsync(other, "no id"));
        Assert.Equal(
            """413 {"code":413,"message":"The body is larger than 2097152 bytes."}""", await E2bServer.RecordAsync(large, "no id"));
    }

    /// <summary>Of all bodies together a server holds so much and no more, whatever API they are for.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_ForWhichThereIsNoRoom_Is503(bool lengthStated)
    {
        await using var small = await Servers.ApiServer.StartAsync(("Api:MaxBuffered", "1048576"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/sandboxes");
        request.Content = new StringContent(
            $$$"""{"templateID":"base","metadata":{"a":"{{{new string('x', 600 * 1024)}}}"}}""", Encoding.UTF8, "application/json");
        request.Headers.TransferEncodingChunked = !lengthStated;

        using var answer = await small.Http.SendAsync(request);

        Assert.StartsWith("503 {\"code\":503,", await E2bServer.RecordAsync(answer, "no id"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Templates_AreTheConfiguredOnesAndTheDefaults()
    {
        using var all = await server.AskAsync("GET", "/templates");
        using var alias = await server.AskAsync("GET", "/templates/aliases/code-interpreter-v1");

        Assert.Equal(
            """200 [{"templateID":"base","names":["base"],"aliases":[],"public":true,"cpuCount":2,"memoryMB":1024},"""
            + """{"templateID":"code-interpreter-v1","names":["code-interpreter-v1"],"aliases":[],"public":true,"cpuCount":2"""
            + ""","memoryMB":1024},{"templateID":"tools","names":["tools","team/tools"],"aliases":["team/tools"],"public":true"""
            + ""","cpuCount":1,"memoryMB":256}]""",
            await E2bServer.RecordAsync(all, "no id"));
        Assert.Equal("""200 {"templateID":"code-interpreter-v1","public":true}""", await E2bServer.RecordAsync(alias, "no id"));
    }

    [Fact]
    public async Task StartThatFails_IsToldInE2BsForm()
    {
        await using var alone = await Servers.ApiServer.StartAsync();
        alone.Node.Failure = "no such image";
        using var content = new StringContent("""{"templateID":"base"}""", Encoding.UTF8, "application/json");

        using var answer = await alone.Http.PostAsync("/v2/sandboxes", content);

        var text = await E2bServer.RecordAsync(answer, "no id");
        Assert.StartsWith("500 {\"code\":500,\"message\":\"Sandbox ", text, StringComparison.Ordinal);
        Assert.Contains("no such image", text, StringComparison.Ordinal);
    }
}
