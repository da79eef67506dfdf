using System.Text.Json;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Commands;

public sealed class DataPlaneTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    public static TheoryData<string, string, string, string> Routes() => new()
    {
        { "/execute", "\"command\":\"ls\"", "execute command failed", """{"stdout":"","stderr":"","exit_code":null}""" },
        { "/create_session", "\"session\":\"s\"", "create session failed", """{"output":"","session_type":"bash"}""" },
        { "/close_session", "\"session\":\"s\"", "close session failed", """{"session_type":"bash"}""" },
        { "/read_file", "\"path\":\"/a\"", "read file failed", """{"content":""}""" },
        { "/write_file", "\"path\":\"/a\",\"content\":\"\"", "write file failed", """{"success":false,"message":""}""" },
    };

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_ToTheUnknown_FailsInTheShapeOfItsRoute(string route, string fields, string message, string result)
    {
        var answer = await _server.PostAsync(route, $$"""{"sandbox_id":"nobody",{{fields}}}""");

        Assert.Equal($$"""{"status":"Failed","message":"{{message}}","error":"Sandbox nobody not found.","result":{{result}}}""", answer);
    }

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Call_ToTheStopped_FailsWithoutAResult(string route, string fields, string message, string result)
    {
        Assert.NotNull(result);
        var id = await _server.GivenStoppedAsync();

        var answer = await _server.PostAsync(route, $$"""{"sandbox_id":"{{id}}",{{fields}}}""");

        Assert.Equal($$"""{"status":"Failed","message":"{{message}}","error":"Sandbox {{id}} is not started (stopped).","result":null}""", answer);
    }

    [Theory]
    [InlineData("/execute", "\"command\":\"ls\"", """{"status":"Success","message":null,"error":null,"result":{"stdout":"","stderr":"it said no","exit_code":-1}}""")]
    [InlineData("/create_session", "\"session\":\"s\"", """{"status":"Success","message":"it said no","error":null,"result":{"output":"","session_type":"bash"}}""")]
    [InlineData("/close_session", "\"session\":\"s\"", """{"status":"Success","message":"it said no","error":null,"result":{"session_type":"bash"}}""")]
    [InlineData("/run_in_session", "\"command\":\"ls\"", """{"status":"Failed","message":null,"error":"it said no","result":null}""")]
    [InlineData("/read_file", "\"path\":\"/a\"", """{"status":"Success","message":"it said no","error":null,"result":{"content":""}}""")]
    [InlineData("/write_file", "\"path\":\"/a\",\"content\":\"\"", """{"status":"Success","message":null,"error":null,"result":{"success":false,"message":"it said no"}}""")]
    public async Task Call_ThatTheAgentRefuses_AnswersAsClientsExpect(string route, string fields, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Refuse("/rock" + route, "it said no");

        var answer = await server.PostAsync(route, $$"""{"sandbox_id":"{{id}}",{{fields}}}""");

        Assert.Equal(expected, answer);
    }

    [Fact]
    public async Task Execute_OutOfTime_SaysSoInStderr()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/execute", """{"detail":"the command did not end within 1 s"}""", 504);

        var answer = await server.PostAsync("/execute", $$"""{"sandbox_id":"{{id}}","command":["sleep","9"],"timeout":1}""");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"stdout":"","stderr":"the command did not end within 1 s","exit_code":-1}}""", answer);
    }

    [Fact]
    public async Task RunInSession_WithExitCodeMinusOne_FailsWithItsReason()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/run_in_session", """{"session_type":"bash","output":"x","exit_code":-1,"failure_reason":"gone","expect_string":""}""");

        var answer = await server.PostAsync("/run_in_session", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");

        Assert.Equal("""{"status":"Failed","message":null,"error":"gone","result":null}""", answer);
    }

    [Fact]
    public async Task RunInSession_WithoutAnExitCode_LeavesItOut()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/run_in_session", """{"session_type":"bash","output":"<é>","exit_code":null,"failure_reason":"","expect_string":"$"}""");

        var answer = await server.PostAsync("/run_in_session", $$"""{"sandbox_id":"{{id}}","command":"ls","check":"ignore"}""");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"session_type":"bash","output":"<é>","failure_reason":"","expect_string":"$"}}""", answer);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"stdout\":1,\"stderr\":\"\",\"exit_code\":0}")]
    [InlineData("{\"stdout\":null,\"stderr\":\"\",\"exit_code\":0}")]
    [InlineData("{\"stdout\":\"\",\"stderr\":\"\",\"exit_code\":\"0\"}")]
    [InlineData("{\"stdout\":\"\",\"stderr\":\"\",\"exit_code\":0.5}")]
    [InlineData("{\"stdout\":\"\",\"exit_code\":0}")]
    [InlineData("{\"stdout\":\"\\ud800\",\"stderr\":\"\",\"exit_code\":0}")]
    [InlineData("{\"stdout\":\"\",\"stderr\":\"\",\"exit_code\":0}{}")]
    [InlineData("{\"stdout\":\"\",\"stderr\":\"")]
    [InlineData("not json")]
    [InlineData("")]
    public async Task Execute_WithAnAgentThatTalksNonsense_FailsWithoutAResult(string nonsense)
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/execute", nonsense);

        var answer = await server.PostAsync("/execute", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");

        Assert.Equal(
            $$"""{"status":"Failed","message":"execute command failed","error":"Sandbox {{id}} does not answer: its answer is not in the expected form","result":null}""",
            answer);
    }

    [Fact]
    public async Task Execute_WithAnAgentThatNeverStopsTalking_IsCutOff()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxAgentAnswer", "4096"));
        var id = await server.GivenRunningAsync();
        var cut = new TaskCompletionSource();
        server.Agent.Routes["/rock/execute"] = async http =>
        {
            try
            {
                while (true)
                {
                    await http.Response.Body.WriteAsync(new byte[64 * 1024], http.RequestAborted);
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or IOException)
            {
                cut.SetResult();
            }
        };

        var answer = await server.PostAsync("/execute", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"stdout":"","stderr":"The answer is larger than the limit of 4096 bytes.","exit_code":-1}}""", answer);
        await cut.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    /// <summary>The limit is on what it says, not on how it is written: each character here takes six bytes of JSON.</summary>
    [Theory]
    [InlineData(100_000, true)]
    [InlineData(200_000, false)]
    public async Task Execute_WithMuchOutput_IsBoundedByItsContent(int characters, bool isGood)
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxAgentAnswer", "100000"));
        var id = await server.GivenRunningAsync();
        var escaped = string.Concat(Enumerable.Repeat("\\u0061", characters));
        server.Agent.Answer("/rock/execute", $$"""{"stdout":"{{escaped}}","stderr":"","exit_code":0}""");
        server.Agent.Answer("/rock/read_file", $$"""{"content":"{{new string('a', characters)}}"}""");

        var answer = await server.PostAsync("/execute", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");
        var file = await server.PostAsync("/read_file", $$"""{"sandbox_id":"{{id}}","path":"/a"}""");

        const string Refused = "The answer is larger than the limit of 100000 bytes.";
        var (output, reason) = isGood ? (new string('a', characters), "null") : ("", $"\"{Refused}\"");
        Assert.Equal(
            Success("null", $"\"stdout\":\"{output}\",\"stderr\":\"{(isGood ? "" : Refused)}\",\"exit_code\":{(isGood ? 0 : -1)}"),
            answer);
        Assert.Equal(Success(reason, $"\"content\":\"{output}\""), file);

        static string Success(string message, string members) =>
            $"{{\"status\":\"Success\",\"message\":{message},\"error\":null,\"result\":{{{members}}}}}";
    }

    [Theory]
    [InlineData("""{"code":1,"exit_code":7,"stderr":"e","stdout":"first","stdout":"last","more":{"stdout":[]}}""",
        """{"stdout":"last","stderr":"e","exit_code":7}""")]
    [InlineData("""{"stdout":"","stderr":""}""", """{"stdout":"","stderr":"","exit_code":null}""")]
    [InlineData("""{"stdout":"\u003c\u00e9\ud83d\ude00\u0007\n","stderr":"","exit_code":0}""",
        """{"stdout":"<é😀\u0007\n","stderr":"","exit_code":0}""")]
    public async Task Execute_AnsweredInAnyOrder_GoesOnInTheFormOfTheRoute(string said, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/execute", said);

        var answer = await server.PostAsync("/execute", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");

        Assert.Equal($$"""{"status":"Success","message":null,"error":null,"result":{{expected}}}""", answer);
    }

    [Fact]
    public async Task Execute_WhoseAnswerFindsNoRoom_SaysThatItWasDone()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxBuffered", "1048576"));
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/execute", $$"""{"stdout":"{{new string('a', 600_000)}}","stderr":"","exit_code":0}""");

        using var answer = await server.AskAsync(
            null, ApiServer.Rock + "/execute", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");

        Assert.Equal((503, "1"), ((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        Assert.Equal(
            """{"status":"Failed","message":"execute command failed","error":"What was asked was done, but its answer is lost: the server holds as many bodies and answers as it may (Api:MaxBuffered).","result":null}""",
            await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Execute_WhenTheAgentGoesAway_FailsWithoutAResult()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Routes["/rock/execute"] = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };

        var answer = await server.PostAsync("/execute", $$"""{"sandbox_id":"{{id}}","command":"ls"}""");

        Assert.Equal(
            $$"""{"status":"Failed","message":"execute command failed","error":"Sandbox {{id}} does not answer: the connection to its agent broke","result":null}""",
            answer);
        Assert.Equal(0, server.Gateway.InFlight);
    }

    [Fact]
    public async Task Execute_WhenTheCallerLeaves_EndsTheCallIntoTheSandbox()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.Agent.Routes["/rock/execute"] = async http =>
        {
            http.RequestAborted.Register(ended.SetResult);
            begun.SetResult();
            await ended.Task;
        };
        using var leaving = new CancellationTokenSource();
        using var content = new StringContent($$"""{"sandbox_id":"{{id}}","command":"sleep"}""", System.Text.Encoding.UTF8, "application/json");

        var call = server.Http.PostAsync(ApiServer.Rock + "/execute", content, leaving.Token);
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Execute_Sent_ReachesTheAgentWhole()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        JsonElement seen = default;
        server.Agent.Routes["/rock/execute"] = async http =>
        {
            using var document = await JsonDocument.ParseAsync(http.Request.Body);
            seen = document.RootElement.Clone();
            await http.Response.Body.WriteAsync("""{"stdout":"a\u0000b","stderr":"","exit_code":3}"""u8.ToArray());
        };

        var answer = await server.PostAsync(
            "/execute", $$"""{"sandbox_id":"{{id}}","command":["echo","x y"],"timeout":2,"cwd":"/tmp","env":{"A":"1"},"shell":false}""");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"stdout":"a\u0000b","stderr":"","exit_code":3}}""", answer);
        Assert.Equal("""["echo","x y"]""", seen.GetProperty("command").GetRawText());
        Assert.Equal(2, seen.GetProperty("timeout").GetDouble());
        Assert.Equal("/tmp", seen.GetProperty("cwd").GetString());
        Assert.Equal("""{"A":"1"}""", seen.GetProperty("env").GetRawText());
    }

    [Fact]
    public async Task Statistics_Asked_KeepTheirFloats()
    {
        await using var server = await ApiServer.StartAsync();
        var id = await server.GivenRunningAsync();
        server.Agent.Answer("/rock/get_statistics", """{"cpu":0,"mem":12.5,"disk":3,"disk_log_percent":0,"disk_dind_percent":0,"net":7}""");

        var answer = await server.GetAsync($"/get_sandbox_statistics?sandbox_id={id}");

        Assert.Equal(
            """{"status":"Success","message":null,"error":null,"result":{"cpu":0.0,"mem":12.5,"disk":3.0,"disk_log_percent":0.0,"disk_dind_percent":0.0,"net":7}}""",
            answer);
    }

    [Fact]
    public async Task Statistics_OfTheUnknown_FailWith4000()
    {
        var answer = await _server.GetAsync("/get_sandbox_statistics?sandbox_id=nobody");

        Assert.Equal(
            """{"status":"Failed","message":"get sandbox statistics failed","error":"Sandbox nobody not found.","result":{"code":4000,"exit_code":null,"failure_reason":"Sandbox nobody not found."}}""",
            answer);
    }
}
