using System.Text;
using System.Text.Json;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Tests.Conformance;

/// <summary>Sends what ROCK's TypeScript client was seen to send, byte for byte, and reads as strictly as it does.</summary>
internal sealed class RecordedClient(RealServer server)
{
    public string Id { get; private set; } = "";

    /// <summary>start_async, then get_status when alive; the client's own polling is left out.</summary>
    public async Task StartAsync(string extra = "")
    {
        var started = Result(await PostAsync(
            "/start_async",
            """{"image":"reg.example.com/yanan/python:3.11","image_os":"linux","auto_clear_time":5,"auto_clear_time_minutes":5,"startup_timeout":120,"memory":"8g","cpus":2,"use_kata_runtime":false,"disk":null"""
            + extra + "}"));
        Id = started.GetProperty("sandbox_id").GetString()!;
        await UntilAliveAsync();
    }

    public async Task UntilAliveAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await server.Client.WaitUntilAliveAsync(SandboxId.Parse(Id), null, limit.Token);
        Assert.True((await StatusAsync(all: false)).GetProperty("is_alive").GetBoolean());
    }

    public async Task<JsonElement> StatusAsync(bool all) => StrictSchema.Accepted(
        Result(await GetAsync($"/get_status?sandbox_id={Id}&include_all_states={(all ? "true" : "false")}")), StrictSchema.Status);

    public async Task CreateSessionAsync(string session) => StrictSchema.Accepted(
        Result(await PostAsync("/create_session", $$"""{"sandbox_id":"{{Id}}","session":"{{session}}","startup_source":[],"env_enable":false}""")),
        StrictSchema.Session);

    /// <summary>The envelope: a command that fails is a failure, not a result.</summary>
    public Task<JsonElement> RunAsync(string session, string command, int seconds = 300) => PostAsync(
        "/run_in_session",
        $$"""{"action_type":"bash","session":"{{session}}","command":{{Json(command)}},"sandbox_id":"{{Id}}","timeout":{{seconds}}}""");

    public async Task<string> OutputAsync(string session, string command)
    {
        var result = StrictSchema.Accepted(Result(await RunAsync(session, command)), StrictSchema.Observation);
        Assert.Equal(0, result.GetProperty("exit_code").GetInt32());
        return result.GetProperty("output").GetString()!;
    }

    public async Task<JsonElement> ExecuteAsync(string command, int seconds = 30) => StrictSchema.Accepted(
        Result(await PostAsync("/execute", $$"""{"command":{{command}},"sandbox_id":"{{Id}}","timeout":{{seconds}}}""")), StrictSchema.Command);

    public async Task<bool> WriteFileAsync(string path, string content) => StrictSchema.Accepted(
        Result(await PostAsync("/write_file", $$"""{"content":{{Json(content)}},"path":"{{path}}","sandbox_id":"{{Id}}"}""")), [])
        .GetProperty("success").GetBoolean();

    public async Task<string> ReadFileAsync(string path) => StrictSchema.Accepted(
        Result(await PostAsync("/read_file", $$"""{"path":"{{path}}","sandbox_id":"{{Id}}"}""")), StrictSchema.Content).GetProperty("content").GetString()!;

    public async Task UploadAsync(byte[] content, string name, string target)
    {
        using var form = new MultipartFormDataContent
        {
            { new StringContent(target), "target_path" }, { new StringContent(Id), "sandbox_id" },
            { new ByteArrayContent(content), "file", name },
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/upload") { Content = form };
        StrictSchema.Accepted(Result(await SendAsync(request)), StrictSchema.Written);
    }

    /// <summary>Runs in the background and waits for the end as the client does: until asking for the process fails.</summary>
    public async Task<string> NohupAsync(string session, string command, string file)
    {
        var submitted = await OutputAsync(
            session, $"nohup {command} < /dev/null > {file} 2>&1 & echo __ROCK_PID_START__$!__ROCK_PID_END__;disown");
        var pid = int.Parse(
            submitted.Split("__ROCK_PID_START__")[1].Split("__ROCK_PID_END__")[0], System.Globalization.CultureInfo.InvariantCulture);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        JsonElement answer;
        while (Status(answer = await RunAsync(session, $"kill -0 {pid}", 20)) == "Success")
        {
            Assert.False(limit.IsCancellationRequested, $"process {pid} should have ended within a minute");
        }

        // The client takes an error that says so for a slow answer instead of for the end of the process.
        Assert.DoesNotContain("timeout", answer.GetProperty("error").GetString(), StringComparison.OrdinalIgnoreCase);
        return await OutputAsync(session, $"cat {file}");
    }

    public Task<JsonElement> StopAsync() => PostAsync("/stop", $$"""{"sandbox_id":"{{Id}}"}""");

    public Task<JsonElement> RestartAsync() => PostAsync("/restart", $$"""{"sandbox_id":"{{Id}}"}""");

    public Task<JsonElement> DeleteAsync() => PostAsync("/delete", $$"""{"sandbox_id":"{{Id}}"}""");

    public Task<JsonElement> GetAsync(string route) => SendAsync(new HttpRequestMessage(HttpMethod.Get, ApiServer.Rock + route));

    public Task<JsonElement> PostAsync(string route, string json) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + route)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        });

    public static string? Status(JsonElement envelope) => envelope.GetProperty("status").GetString();

    public static JsonElement Result(JsonElement envelope)
    {
        Assert.True(Status(envelope) == "Success", envelope.GetRawText());
        return envelope.GetProperty("result");
    }

    private async Task<JsonElement> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            request.Headers.Add("ROUTE-KEY", "0123456789abcdef0123456789abcdef");
            request.Headers.Add("X-Cluster", "zb");
            using var answer = await server.Http.SendAsync(request);
            Assert.Equal(200, (int)answer.StatusCode);
            using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal(["status", "message", "error", "result"], document.RootElement.EnumerateObject().Select(member => member.Name));
            return document.RootElement.Clone();
        }
    }

    private static string Json(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
