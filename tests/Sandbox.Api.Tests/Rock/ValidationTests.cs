using System.Text;
using Sandbox.Api.Rock;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Rock;

public sealed class ValidationTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Theory]
    [InlineData("/start", "{}", "body.image: Field required")]
    [InlineData("/start_async", """{"image":"  "}""", "body.image: String should have at least 1 character")]
    [InlineData("/start", """{"image":null}""", "body.image: Input should be a valid string")]
    [InlineData("/start", """{"image":"a","pull":"sometimes"}""", "body.pull: Input should be 'never', 'always' or 'missing'")]
    [InlineData("/start", """{"image":"a","auto_clear_time_minutes":1.5}""", "body.auto_clear_time_minutes: Input should be a valid integer, got a number with a fractional part")]
    [InlineData("/start", """{"image":"a","auto_clear_time_minutes":"x"}""", "body.auto_clear_time_minutes: Input should be a valid integer, unable to parse string as an integer")]
    [InlineData("/start", """{"image":"a","cpus":"two"}""", "body.cpus: Input should be a valid number, unable to parse string as a number")]
    [InlineData("/start", """{"image":"a","cpus":null}""", "body.cpus: Input should be a valid number")]
    [InlineData("/start", """{"image":"a","auto_delete_seconds":-1}""", "body.auto_delete_seconds: auto_delete_seconds must be >= 0")]
    [InlineData("/start", """{"image":"a","auto_delete_seconds":2147483648}""", "body.auto_delete_seconds: Input should be a valid integer in the range of 32 bits")]
    [InlineData("/start", """{"image":"a","auto_archive_seconds":1e300}""", "body.auto_archive_seconds: Input should be a valid integer in the range of 32 bits")]
    [InlineData("/start", """{"image":"a","memory":8,"pull":1}""", "body.pull: Input should be 'never', 'always' or 'missing'; body.memory: Input should be a valid string")]
    [InlineData("/start", """{"image":"a","env":{"A":1}}""", "body.env.A: Input should be a valid string")]
    [InlineData("/start", """{"image":"\ud800"}""", "body.image: Input should be a valid string")]
    [InlineData("/start", """{"image":"a","env":{"\ud800":"x"}}""", "body: the name of a member is not valid Unicode")]
    [InlineData("/stop", "{}", "body.sandbox_id: Field required")]
    [InlineData("/stop", """{"sandbox_id":" "}""", "body.sandbox_id: String should have at least 1 character")]
    [InlineData("/delete", "{}", "body.sandbox_id: Field required")]
    [InlineData("/execute", """{"sandbox_id":"a"}""", "body.command: Field required")]
    [InlineData("/execute", """{"sandbox_id":"a","command":7}""", "body.command.str: Input should be a valid string; body.command.list[str]: Input should be a valid list")]
    [InlineData("/run_in_session", """{"sandbox_id":"a","command":"ls","check":"loud"}""", "body.check: Input should be 'silent', 'raise' or 'ignore'")]
    [InlineData("/create_session", """{"sandbox_id":"a","session_type":"zsh"}""", "body.session_type: Input should be 'bash'")]
    [InlineData("/create_session", """{"sandbox_id":"a","env_enable":"maybe"}""", "body.env_enable: Input should be a valid boolean")]
    [InlineData("/read_file", """{"sandbox_id":"a","path":"/etc/\u0000passwd"}""", "body.path: must not contain a NUL character")]
    [InlineData("/write_file", """{"sandbox_id":"a","path":"/a\u0000","content":""}""", "body.path: must not contain a NUL character")]
    [InlineData("/sandboxes/batch", """{"sandbox_ids":"a"}""", "body.sandbox_ids: Input should be a valid list")]
    [InlineData("/start", "[]", "body: Input should be a valid dictionary or object to extract fields from")]
    [InlineData("/start", "", "body: Field required")]
    [InlineData("/start", "not json", "body.0: JSON decode error")]
    [InlineData("/start", "{\n\"image\": \"a\",\n}", "body.16: JSON decode error")]
    public async Task Body_Bad_IsRefusedByName(string route, string body, string error)
    {
        var answer = await _server.PostAsync(route, body);

        Assert.Equal(Invalid(error), answer);
    }

    [Fact]
    public async Task Body_WithManyProblems_IsToldTheFirst()
    {
        var bad = string.Join(',', Enumerable.Repeat('1', 100_000));

        var answer = await _server.PostAsync("/create_session", $$"""{"sandbox_id":"a","startup_source":[{{bad}}]}""");

        var told = Enumerable.Range(0, Fields.MostProblems).Select(index => $"body.startup_source.{index}: Input should be a valid string");
        Assert.Equal(Invalid(string.Join("; ", told)), answer);
    }

    [Theory]
    [InlineData("startup_source", "[", "\"a\"", "]", "List should have at most 131072 items")]
    [InlineData("env", "{", "\"a\":\"b\"", "}", "Dictionary should have at most 131072 items")]
    public async Task Body_WithTooManyItems_IsRefusedBeforeTheyAreRead(string name, string open, string item, string close, string reason)
    {
        var items = string.Join(',', Enumerable.Repeat(item, Fields.MostItems + 1));

        var answer = await _server.PostAsync("/create_session", $"{{\"sandbox_id\":\"a\",\"{name}\":{open}{items}{close}}}");

        Assert.Equal(Invalid($"body.{name}: {reason}"), answer);
    }

    [Fact]
    public async Task Body_OfAnotherContentType_IsRefused()
    {
        var answer = await _server.PostAsync("/start", """{"image":"a"}""", "text/plain");

        Assert.Equal(Invalid("body: Input should be a valid dictionary or object to extract fields from"), answer);
    }

    [Theory]
    [InlineData("/get_status", "query.sandbox_id: Field required")]
    [InlineData("/get_status?sandbox_id=", "query.sandbox_id: String should have at least 1 character")]
    [InlineData(
        "/get_status?sandbox_id=a&include_all_states=perhaps",
        "query.include_all_states: Input should be a valid boolean, unable to interpret input")]
    [InlineData("/is_alive", "query.sandbox_id: Field required")]
    [InlineData("/get_sandbox_statistics", "query.sandbox_id: Field required")]
    [InlineData("/sandboxes?page=0", "query.page: Input should be greater than or equal to 1")]
    [InlineData("/sandboxes?user_id=a%00b", "query.user_id: must not contain a NUL character")]
    [InlineData(
        "/sandboxes?page=x&page_size=2001",
        "query.page: Input should be a valid integer, unable to parse string as an integer; query.page_size: Input should be less than "
            + "or equal to 2000")]
    public async Task Query_Bad_IsRefusedByName(string route, string error)
    {
        var answer = await _server.GetAsync(route);

        Assert.Equal(Invalid(error), answer);
    }

    [Fact]
    public async Task Batch_OfTooMany_IsRefused()
    {
        var ids = string.Join(',', Enumerable.Repeat("\"a\"", 2001));

        var answer = await _server.PostAsync("/sandboxes/batch", $$"""{"sandbox_ids":[{{ids}}]}""");

        Assert.Equal(Invalid("body.sandbox_ids: List should have at most 2000 items after validation, not 2001"), answer);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Body_OverTheLimit_IsRefusedNamingTheLimit(bool lengthStated)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/write_file");
        var large = new byte[(48 * 1024 * 1024) + 1];
        Array.Fill(large, (byte)' ');
        request.Content = new ByteArrayContent(large);
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = !lengthStated;

        using var answer = await _server.Http.SendAsync(request);

        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(Invalid("body: larger than the limit of 48 MiB (50331648 bytes)"), await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/execute", "command")]
    [InlineData("/write_file", "path")]
    public async Task Body_WithoutAFile_MayBeTwoMebibytes(string route, string member)
    {
        var large = new string('x', (2 * 1024 * 1024) + 1);

        var answer = await _server.PostAsync(route, $$"""{"sandbox_id":"a","{{member}}":"{{large}}","content":""}""");

        Assert.Equal(Invalid("body: larger than the limit of 2 MiB (2097152 bytes)"), answer);
    }

    [Theory]
    [InlineData("""{"sandbox_id":"a","path":"/a","content":1}""", "body.content: Input should be a valid string")]
    [InlineData("""{"sandbox_id":"a","path":"/a","content":"\ud800"}""", "body.content: Input should be a valid string")]
    [InlineData("""{"sandbox_id":"a","path":"/a"}""", "body.content: Field required")]
    [InlineData("""{"content":"a"}""", "body.sandbox_id: Field required; body.path: Field required")]
    [InlineData("""{"content":"a","sandbox_id":bad}""", "body.28: JSON decode error")]
    [InlineData("""[{"content":"a"}]""", "body: Input should be a valid dictionary or object to extract fields from")]
    [InlineData("", "body: Field required")]
    public async Task Body_OfAFile_IsRefusedAsAnyOther(string body, string error)
    {
        var answer = await _server.PostAsync("/write_file", body);

        Assert.Equal(Invalid(error), answer);
    }

    /// <summary>The last of several, as everywhere else; and as it was written.</summary>
    [Fact]
    public async Task Body_OfAFile_ReachesTheAgentAsItCame()
    {
        var id = await _server.GivenRunningAsync();
        var received = "";
        _server.Agent.Routes["/rock/write_file"] = async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            received = await reader.ReadToEndAsync();
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""{"success":true,"message":""}"""));
        };

        var answer = await _server.PostAsync(
            "/write_file", $$"""{"content":"no", "sandbox_id":"{{id}}","content": "a\u00e9\n" ,"path":"/é"}""");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"success":true,"message":""}}""", answer);
        Assert.Equal("""{"path":"/\u00E9","content":"a\u00e9\n"}""", received);
    }

    [Fact]
    public async Task Body_ThatFindsNoRoom_IsToBeSentAgain()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxBuffered", "1048576"));

        using var answer = await server.AskAsync(
            null, ApiServer.Rock + "/execute", $$"""{"sandbox_id":"a","command":"{{new string('x', 600_000)}}"}""");

        Assert.Equal((503, "1"), ((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        Assert.Equal(
            """{"status":"Failed","message":"overloaded","error":"The server holds as many bodies and answers as it may (Api:MaxBuffered).","result":null}""",
            await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Body_JustUnderTheLimit_IsRead()
    {
        var id = await _server.GivenRunningAsync();
        var received = 0L;
        _server.Agent.Routes["/rock/write_file"] = async http =>
        {
            await using var counted = new MemoryStream();
            await http.Request.Body.CopyToAsync(counted);
            received = counted.Length;
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""{"success":true,"message":""}"""));
        };

        var answer = await _server.PostAsync("/write_file", $$"""{"sandbox_id":"{{id}}","path":"/a","content":"{{new string('x', 47 * 1024 * 1024)}}"}""");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"success":true,"message":""}}""", answer);
        Assert.True(received > 47 * 1024 * 1024, $"the whole file should have reached the agent, {received} bytes did");
    }

    [Theory]
    [InlineData("""{"image":"a","use_kata_runtime":"no","cpus":"2","auto_clear_time_minutes":5.0,"auto_clear_time":3.3,"unknown":[1]}""")]
    [InlineData("""{"image":" a ","auto_clear_time_minutes":"5","limit_cpus":null,"num_gpus":null,"disk":null}""")]
    public async Task Body_InTheSpellingsOfClients_IsAccepted(string body)
    {
        var answer = await _server.PostAsync("/start_async", body);

        Assert.StartsWith("""{"status":"Success","message":null,"error":null,"result":{"code":null,"exit_code":null,"failure_reason":null,"sandbox_id":""", answer, StringComparison.Ordinal);
    }

    private static string Invalid(string error) =>
        $$"""{"status":"Failed","message":"invalid parameter","error":"{{error}}","result":null}""";
}
