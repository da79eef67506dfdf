using System.Text.Json;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;

namespace Sandbox.Api.Tests.Sandboxes;

public sealed class StartTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Theory]
    [InlineData("/start", "node-1")]
    [InlineData("/start_async", null)]
    public async Task Start_Plain_AnswersTheSandboxInAllTenFields(string route, string? host)
    {
        var gate = new TaskCompletionSource();
        _server.Node.Gate = host is null ? gate.Task : Task.CompletedTask;
        var id = SandboxId.New();

        var answer = await _server.PostAsync(route, $$"""{"image":"busybox","sandbox_id":"{{id}}","cpus":2,"disk":"50G"}""");
        gate.SetResult();

        var place = host is null ? "\"host_name\":null,\"host_ip\":null" : "\"host_name\":\"node-1\",\"host_ip\":\"10.0.0.1\"";
        Assert.Equal(
            $$$"""{"status":"Success","message":null,"error":null,"result":{"code":null,"exit_code":null,"failure_reason":null,"sandbox_id":"{{{id}}}",{{{place}}},"cpus":null,"memory":null,"disk":"50G","disk_limit_rootfs":"50G"}}""",
            answer);
    }

    [Fact]
    public async Task Start_WithoutAnId_MakesOneOf32HexDigits()
    {
        var answer = await _server.PostAsync("/start_async", """{"image":"busybox"}""");

        using var document = JsonDocument.Parse(answer);
        Assert.Matches("^[0-9a-f]{32}$", document.RootElement.GetProperty("result").GetProperty("sandbox_id").GetString());
    }

    [Theory]
    [InlineData("\"memory\":\"0g\"", "memory: '0g' must be more than zero")]
    [InlineData("\"memory\":\"-1g\"", "memory: '-1g' must be more than zero")]
    [InlineData("\"memory\":\"abc\"", "memory: 'abc' is not a size; write for example 512m or 8g")]
    [InlineData("\"memory\":\"65g\"", "memory: '65g' is above the limit of 64g")]
    [InlineData("\"cpus\":0", "cpus: 0 must be more than zero")]
    [InlineData("\"cpus\":17", "cpus: 17 is above the limit of 16")]
    [InlineData(
        "\"sandbox_id\":\"a/b\"", "'a/b' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit.")]
    [InlineData("\"sandbox_id\":\"\"", "'' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit.")]
    public async Task Start_OfWhatCannotBe_FailsWith4000(string field, string reason)
    {
        var answer = await _server.PostAsync("/start", $$"""{"image":"busybox",{{field}}}""");

        Assert.Equal(Failed("start sandbox failed", reason), answer);
    }

    [Fact]
    public async Task Start_OfAnIdThatRuns_FailsWith4000()
    {
        var id = await _server.GivenRunningAsync();

        var answer = await _server.PostAsync("/start_async", $$"""{"image":"busybox","sandbox_id":"{{id}}"}""");

        Assert.Equal(Failed("async start sandbox failed", $"Sandbox {id} already exists."), answer);
    }

    [Fact]
    public async Task Start_OfAnIdOnlyInTheRecord_FailsWith4000AndLeavesTheRecord()
    {
        var id = await _server.GivenStoppedAsync();

        var answer = await _server.PostAsync("/start", $$"""{"image":"other","sandbox_id":"{{id}}"}""");

        Assert.Equal(Failed("start sandbox failed", $"Sandbox {id} already exists."), answer);
        Assert.Equal("busybox", (await _server.Store.FindAsync(id, default))!.Spec.Image);
    }

    [Fact]
    public async Task Start_OfAnIdJustDeleted_FailsWith4000()
    {
        var id = await _server.GivenStoppedAsync();
        await _server.PostAsync("/delete", $$"""{"sandbox_id":"{{id}}"}""");

        var answer = await _server.PostAsync("/start", $$"""{"image":"busybox","sandbox_id":"{{id}}"}""");

        Assert.Equal(Failed("start sandbox failed", $"Sandbox {id} already exists."), answer);
    }

    [Fact]
    public async Task Start_OfOneIdTwiceAtOnce_SucceedsOnce()
    {
        var body = $$"""{"image":"busybox","sandbox_id":"{{SandboxId.New()}}"}""";

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _server.PostAsync("/start", body)));

        Assert.Single(answers, answer => answer.Contains("\"Success\"", StringComparison.Ordinal));
        Assert.Equal(7, answers.Count(answer => answer.Contains("already exists", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Start_WithoutAnEngine_FailsAtOnceAndWritesNothing()
    {
        await using var server = await ApiServer.StartAsync();
        server.Placement.Refusal = new SandboxError.DockerUnavailable("nothing listens");

        var answer = await server.PostAsync("/start", """{"image":"busybox","sandbox_id":"a"}""");

        Assert.Equal(
            Failed("start sandbox failed", "Docker is not available. Please ensure Docker daemon is running. (nothing listens)"), answer);
        Assert.Null(await server.Store.FindAsync(SandboxId.Parse("a"), default));
    }

    [Fact]
    public async Task Start_ThatFails_AnswersThePhaseWith5000()
    {
        await using var server = await ApiServer.StartAsync();
        server.Node.Failure = "no such image";

        var answer = await server.PostAsync("/start", """{"image":"nowhere","sandbox_id":"a"}""");

        Assert.Equal(
            """{"status":"Failed","message":"start sandbox failed","error":"Sandbox a failed to start in phase image_pull: no such image","result":{"code":5000,"exit_code":null,"failure_reason":"Sandbox a failed to start in phase image_pull: no such image","sandbox_id":null,"host_name":null,"host_ip":null,"cpus":null,"memory":null,"disk":null,"disk_limit_rootfs":null}}""",
            answer);
    }

    [Fact]
    public async Task Start_LongerThanItsLimit_SaysSoAndTheStartGoesOn()
    {
        await using var server = await ApiServer.StartAsync(("Api:StartWait", "00:00:00.2"));
        var gate = new TaskCompletionSource();
        server.Node.Gate = gate.Task;

        var answer = await server.PostAsync("/start", """{"image":"busybox","sandbox_id":"a"}""");
        gate.SetResult();

        Assert.StartsWith("""{"status":"Failed","message":"start sandbox failed","error":"Sandbox a is not alive after 0.2 s; it goes on starting, and get_status tells how far it is.","result":{"code":5000,""", answer, StringComparison.Ordinal);
        Assert.True((await server.Operator.WaitUntilAliveAsync(SandboxId.Parse("a"), default)).TryGet(out _, out _));
    }

    [Fact]
    public async Task Start_WithOwnersInHeaders_KeepsThem()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, ApiServer.Rock + "/start_async");
        var id = SandboxId.New();
        request.Content = new StringContent($$"""{"image":"busybox","sandbox_id":"{{id}}"}""", System.Text.Encoding.UTF8, "application/json");
        request.Headers.Add("X-User-Id", "u");
        request.Headers.Add("X-Experiment-Id", "e");
        request.Headers.Add("X-Namespace", "n");

        using var answer = await _server.Http.SendAsync(request);

        var owner = (await _server.Store.FindAsync(id, default))!.Owner;
        Assert.Equal(("u", "e", "n", "default"), (owner.UserId, owner.ExperimentId, owner.Namespace, owner.Cluster));
    }

    private static string Failed(string message, string reason) =>
        $$$"""{"status":"Failed","message":"{{{message}}}","error":"{{{reason}}}","result":{"code":4000,"exit_code":null,"failure_reason":"{{{reason}}}","sandbox_id":null,"host_name":null,"host_ip":null,"cpus":null,"memory":null,"disk":null,"disk_limit_rootfs":null}}""";
}
