using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Serving;

/// <summary>Models on a real server: their engines are processes in Local sandboxes.</summary>
public sealed class ServedModelTests(ModelServer server) : IClassFixture<ModelServer>
{
    private const string Secret = "sk-0123456789abcdef";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Row", "31")]
    public async Task Model_Served_GetsReadyAnswersTellsItsLogAndLeavesNothing()
    {
        var (status, made) = await server.AskForAsync(new
        {
            name = "parrot",
            engine = "echo",
            cpus = 0.5,
            memory = "256m",
            aliases = new Dictionary<string, double> { ["bird"] = 1 },
            configuration = new { model = "parrot", api_key = Secret, print_key = true },
        });
        Assert.True(status == 201, $"the model was to be accepted: {made}");
        Assert.Equal("deploying", made.GetProperty("state").GetString());

        var model = await server.WhenAsync("parrot", one => one.GetProperty("state").GetString() == "running");
        var replica = Assert.Single(model.GetProperty("replicas").EnumerateArray());
        var sandbox = SandboxId.Parse(replica.GetProperty("sandbox_id").GetString()!);

        // As a gateway asks it.
        var offered = await server.OfferedAsync("parrot");
        Assert.Equal((1, 1.0, Secret), (offered!.Replicas.Length, offered.Aliases["bird"], offered.ApiKey?.Reveal()));
        using var http = server.Through();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(offered.Replicas[0].Address, "/v1/chat/completions"))
        {
            Content = JsonContent.Create(new { model = "parrot", messages = new[] { new { role = "user", content = "hello again" } } }),
        };
        request.Headers.Authorization = new("Bearer", Secret);
        using var answer = await http.SendAsync(request, Cancelled);
        var text = await answer.Content.ReadAsStringAsync(Cancelled);
        Assert.True(answer.StatusCode is HttpStatusCode.OK && text.Contains("hello again", StringComparison.Ordinal), text);

        // And through the gateway, by either name; it shows the engine's key to the engine, and not to its caller.
        foreach (var name in (string[])["parrot", "bird"])
        {
            var (code, said) = await ChatAsync(name, "hello gateway");
            Assert.True(code is HttpStatusCode.OK && said.Contains("hello gateway", StringComparison.Ordinal), said);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await ChatAsync("none", "hello")).Status);

        var lines = await server.Http.GetStringAsync("/api/v1/models/parrot/logs?tail=10000", Cancelled);
        Assert.Contains("The key is ***.", lines, StringComparison.Ordinal);
        Assert.Contains("Now listening", lines, StringComparison.Ordinal);
        Assert.Single((await server.Http.GetStringAsync("/api/v1/models/parrot/logs?tail=1", Cancelled)).Split('\n')[..^1]);

        // The key is in the environment of the engine, and nowhere else.
        var record = await server.Get<ISandboxStore>().FindAsync(sandbox, Cancelled);
        Assert.DoesNotContain(Secret, JsonSerializer.Serialize(record), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, lines + model + string.Join('\n', server.Logs.Lines), StringComparison.Ordinal);
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(server.Database)!, "sandbox.db*"))
        {
            Assert.False(
                (await File.ReadAllBytesAsync(file, Cancelled)).AsSpan().IndexOf(Encoding.UTF8.GetBytes(Secret)) >= 0,
                $"{Path.GetFileName(file)} has the key in the clear");
        }

        var again = await server.AskForAsync(new { name = "parrot", engine = "echo", configuration = new { model = "parrot" } });
        Assert.Equal((409, "already_running"), (again.Status, again.Body.GetProperty("code").GetString()));

        using var deleted = await server.Http.DeleteAsync("/api/v1/models/parrot", Cancelled);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var gone = await server.Http.GetAsync("/api/v1/models/parrot", Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        Assert.DoesNotContain(sandbox.ToString(), await server.SandboxesAsync());
        Assert.Null(await server.OfferedAsync("parrot"));
    }

    [Fact]
    public async Task Engine_Killed_IsStartedAgainWhileTheOtherReplicaGoesOn()
    {
        var model = await server.GivenEchoAsync("pair", replicas: 2);
        var (first, second) = (SandboxOf(model, 0), SandboxOf(model, 1));

        await KillEngineAsync(first);

        var failed = await server.WhenAsync("pair", one => Replica(one, 0).GetProperty("failures").GetInt32() == 1);
        Assert.Equal("running", Replica(failed, 1).GetProperty("state").GetString());
        Assert.Equal("running", failed.GetProperty("state").GetString());
        var healed = await server.WhenAsync("pair", one => ModelServer.Running(one) == 2);
        Assert.Equal((first, second), (SandboxOf(healed, 0), SandboxOf(healed, 1)));
        await DeleteAsync("pair");
    }

    [Fact]
    public async Task Sandbox_EndedByAnother_IsReplacedByExactlyOne()
    {
        var model = await server.GivenEchoAsync("lost");
        var first = SandboxOf(model, 0);

        using var stopped = await server.Http.PostAsJsonAsync("/apis/envs/sandbox/v1/stop", new { sandbox_id = first }, Cancelled);
        Assert.Equal(HttpStatusCode.OK, stopped.StatusCode);

        var healed = await server.WhenAsync("lost", one => ModelServer.Running(one) == 1 && SandboxOf(one, 0) != first);
        var left = await server.SandboxesAsync();
        Assert.Contains(SandboxOf(healed, 0), left);
        Assert.DoesNotContain(first, left);
        await DeleteAsync("lost");
        Assert.DoesNotContain(SandboxOf(healed, 0), await server.SandboxesAsync());
    }

    [Fact]
    public async Task Model_Idle_EndsItsSandboxesAndIsStartedByARequestThatWaitsForIt()
    {
        var (status, body) = await server.AskForAsync(new
        {
            name = "sleepy",
            engine = "echo",
            min_replicas = 0,
            idle_seconds = 2,
            cpus = 0.5,
            memory = "256m",
            configuration = new { model = "sleepy" },
        });
        Assert.True(status == 201, $"the model was to be accepted: {body}");

        var idle = await server.WhenAsync("sleepy", one => one.GetProperty("state").GetString() == "not_deployed"
            && one.GetProperty("replicas").GetArrayLength() == 0);
        Assert.Equal("idle: its next request starts it", idle.GetProperty("message").GetString());
        Assert.True((await server.OfferedAsync("sleepy"))!.CanWake, "a model without replicas is started by its first request");

        var (code, said) = await ChatAsync("sleepy", "good morning");
        Assert.True(code is HttpStatusCode.OK && said.Contains("good morning", StringComparison.Ordinal), said);
        await DeleteAsync("sleepy");
    }

    [Fact]
    public async Task Program_ThatIsNotInstalled_IsNamed()
    {
        var (status, body) = await server.AskForAsync(new
        {
            name = "missing",
            engine = "vllm",
            memory = "256m",
            configuration = new { model = "m", program = "/nowhere/vllm", use_cpu = true, hf_token = Secret },
        });
        Assert.True(status == 201, $"the model was to be accepted: {body}");

        var failed = await server.WhenAsync("missing", one => one.GetProperty("state").GetString() == "deploy_failed");

        Assert.Equal("the engine does not start: /nowhere/vllm: command not found", failed.GetProperty("message").GetString());
        await DeleteAsync("missing");
    }

    [Theory]
    [Trait("Row", "30")]
    [InlineData("""{"name":"m","engine":"other"}""", 400, "invalid_engine", "There is no engine 'other'. Engines: vllm, sglang,")]
    [InlineData(
        """{"name":"m","engine":"echo","configuration":{"modle":"m"}}""", 400, "invalid_config",
        "'modle' is not a key of echo; did you mean 'model'?")]
    [InlineData(
        """{"name":"m","engine":"vllm","configuration":{"model":"m","dtype":"half-ish"}}""", 400, "invalid_config", "dtype must be one of")]
    [InlineData("""{"name":"m","engine":"vllm"}""", 400, "invalid_config", "model is required")]
    [InlineData(
        """{"name":"m","engine":"vllm","configuration":{"model":"m"}}""", 503, "start_failed",
        "1 GPUs are asked for, and this machine has 0")]
    [InlineData(
        """{"name":"m","engine":"vllm","deployment":"docker","configuration":{"model":"m","use_cpu":true}}""", 400, "invalid_config",
        "image is required")]
    [InlineData(
        """{"name":"m","engine":"vllm","deployment":"local","configuration":{"model":"m","image":"i"}}""", 400, "invalid_config",
        "image has no effect on a Local sandbox")]
    [InlineData(
        """{"name":"m","engine":"echo"}""", 400, "invalid_config", "its engine serves it as 'echo': give it that name")]
    [InlineData("""{"name":"a/b","engine":"echo"}""", 400, "bad_request", "name: 1 to 128 characters")]
    [InlineData("""{"name":"usage","engine":"echo"}""", 400, "bad_request", "not 'usage'")]
    [InlineData("""{"name":"m","replicas":0}""", 400, "bad_request", "replicas: from 1 to 1000")]
    [InlineData("""{"name":"m","min_replicas":2}""", 400, "bad_request", "min_replicas: from 0 to replicas")]
    [InlineData("""{"name":"m","min_replicas":0}""", 400, "bad_request", "idle_seconds: it is needed with min_replicas 0")]
    [InlineData("""{"name":"m","deployment":"moon"}""", 400, "bad_request", "deployment: docker, local or kubernetes")]
    [InlineData("""{"name":"m","configuration":{"model":["m"]}}""", 400, "bad_request", "The value of 'model' must not be a list")]
    [InlineData("""{"name":"m","engine":"echo","cpus":1000,"configuration":{"model":"m"}}""", 503, "start_failed", "cpus:")]
    public async Task Order_ThatCannotBeFollowed_IsRefusedWithACodeAndTheReason(string json, int status, string code, string reason)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await server.Http.PostAsync("/api/v1/models", content, Cancelled);
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancelled);

        Assert.Equal((status, code), ((int)answer.StatusCode, body.GetProperty("code").GetString()));
        Assert.Contains(reason, body.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static JsonElement Replica(JsonElement model, int index) => model.GetProperty("replicas")[index];

    private static string SandboxOf(JsonElement model, int index) => Replica(model, index).GetProperty("sandbox_id").GetString()!;

    private async Task<(HttpStatusCode Status, string Body)> ChatAsync(string model, string text)
    {
        using var answer = await server.Http.PostAsJsonAsync(
            "/v1/chat/completions", new { model, messages = new[] { new { role = "user", content = text } } }, Cancelled);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancelled));
    }

    private async Task KillEngineAsync(string sandbox)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/process.Process/SendSignal")
        {
            Content = JsonContent.Create(new { process = new { tag = "engine" }, signal = "SIGNAL_SIGKILL" }),
        };
        request.Headers.Add("E2b-Sandbox-Id", sandbox);
        using var answer = await server.Http.SendAsync(request, Cancelled);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private async Task DeleteAsync(string name)
    {
        using var deleted = await server.Http.DeleteAsync($"/api/v1/models/{name}", Cancelled);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }
}
