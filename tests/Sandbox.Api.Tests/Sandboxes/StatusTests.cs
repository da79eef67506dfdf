using System.Text.Json;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Rock;

namespace Sandbox.Api.Tests.Sandboxes;

public sealed class StatusTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private const string Moment = @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$";

    private readonly ApiServer _server = shared.Server;

    [Fact]
    public async Task GetStatus_OfARunning_HasEveryFieldInItsPlace()
    {
        var id = await _server.GivenRunningAsync();

        var result = Result(await _server.GetAsync($"/get_status?sandbox_id={id}"));

        Assert.Equal(
            ["sandbox_id", "status", "state", "port_mapping", "host_name", "host_ip", "is_alive", "image", "metadata", "gateway_version",
             "swe_rex_version", "user_id", "experiment_id", "namespace", "cpus", "memory", "num_gpus", "accelerator_type", "disk",
             "disk_limit_rootfs", "start_time", "stop_time", "create_time", "archive_time", "delete_time", "auto_stop_time",
             "auto_archive_time", "auto_delete_time", "state_history", "disk_limit_log"],
            result.EnumerateObject().Select(member => member.Name));
        Assert.Equal("2.0", result.GetProperty("cpus").GetRawText());
        Assert.Equal("8.00g", result.GetProperty("memory").GetString());
        Assert.Equal("running", result.GetProperty("state").GetString());
        Assert.True(result.GetProperty("is_alive").GetBoolean());
        Assert.Equal("{}", result.GetProperty("port_mapping").GetRawText());
        Assert.Matches(Moment, result.GetProperty("start_time").GetString());
        Assert.Matches(Moment, result.GetProperty("auto_stop_time").GetString());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("stop_time").ValueKind);
        Assert.Equal("success", result.GetProperty("status").GetProperty("docker_run").GetProperty("status").GetString());
        var change = Assert.Single(result.GetProperty("state_history").EnumerateArray());
        Assert.Equal(("pending", "running", "alive"), (Text(change, "from_state"), Text(change, "to_state"), Text(change, "event")));
    }

    [Fact]
    public async Task GetStatus_TellsWhatKeepsTheNetworkApart()
    {
        var id = await _server.GivenRunningAsync();
        var running = (await _server.Store.FindAsync(id, default))!;
        Assert.True(await _server.Store.TryUpdateFactsAsync(running with { EffectiveNetwork = "isolated" }, default));

        Assert.Equal("isolated", Text(Result(await _server.GetAsync($"/get_status?sandbox_id={id}")), "network_isolation"));
    }

    [Theory]
    [InlineData(10L << 30, 10L << 30, "10G", "10G")]
    [InlineData(10L << 30, null, "10G", null)]
    [InlineData(null, null, null, null)]
    public async Task GetStatus_TellsTheLimitsThatAreInEffect(long? disk, long? log, string? rootfs, string? logged)
    {
        var id = await _server.GivenRunningAsync();
        var running = (await _server.Store.FindAsync(id, default))!;
        Assert.Equal(50L << 30, running.Spec.DiskBytes);
        Assert.True(await _server.Store.TryUpdateFactsAsync(running with { EffectiveDiskBytes = disk, EffectiveLogBytes = log }, default));

        foreach (var told in (JsonElement[])
        [
            Result(await _server.GetAsync($"/get_status?sandbox_id={id}")),
            Result(await _server.PostAsync("/sandboxes/batch", $$"""{"sandbox_ids":["{{id}}"]}""")).GetProperty("statuses")[0],
        ])
        {
            Assert.Equal((rootfs, rootfs, logged), (Text(told, "disk"), Text(told, "disk_limit_rootfs"), Text(told, "disk_limit_log")));
        }
    }

    [Fact]
    public async Task GetStatus_OfAPending_LeavesOutWhatClientsRejectAsNull()
    {
        await using var server = await ApiServer.StartAsync();
        server.Node.Gate = new TaskCompletionSource().Task;
        await server.PostAsync("/start_async", """{"image":"busybox","sandbox_id":"a"}""");

        var result = Result(await server.GetAsync("/get_status?sandbox_id=a"));

        Assert.False(result.TryGetProperty("host_name", out _));
        Assert.False(result.TryGetProperty("host_ip", out _));
        Assert.False(result.GetProperty("is_alive").GetBoolean());
        Assert.Equal("pending", result.GetProperty("state").GetString());
        Assert.Equal("""{"status":"waiting","message":"waiting"}""", result.GetProperty("status").GetProperty("image_pull").GetRawText());
        Assert.Equal("50G", result.GetProperty("disk").GetString());
    }

    [Theory]
    [InlineData("True")]
    [InlineData("1")]
    [InlineData("yes")]
    [InlineData("on")]
    public async Task GetStatus_OfAStopped_IsFoundOnlyAmongAllStates(string flag)
    {
        var id = await _server.GivenStoppedAsync();

        var living = await _server.GetAsync($"/get_status?sandbox_id={id}&include_all_states=False");
        var all = await _server.GetAsync($"/get_status?sandbox_id={id}&include_all_states={flag}");

        Assert.Equal(NotFound(id.ToString()), living);
        Assert.Equal("stopped", Text(Result(all), "state"));
        Assert.Matches(Moment, Text(Result(all), "auto_delete_time"));
    }

    [Fact]
    public async Task GetStatus_OfTheUnknown_FailsWith4000()
    {
        var answer = await _server.GetAsync("/get_status?sandbox_id=nobody");

        Assert.Equal(NotFound("nobody"), answer);
    }

    [Fact]
    public async Task GetStatus_OfAMalformedId_FailsWith4000()
    {
        var answer = await _server.GetAsync("/get_status?sandbox_id=..%2Fetc");

        Assert.Equal(
            """{"status":"Failed","message":"get sandbox status failed","error":"'../etc' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit.","result":{"code":4000,"exit_code":null,"failure_reason":"'../etc' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit."}}""",
            answer);
    }

    [Fact]
    public async Task GetStatus_AfterAFailedStart_ShowsTheFailedPhase()
    {
        await using var server = await ApiServer.StartAsync();
        server.Node.Failure = "no such image";
        await server.PostAsync("/start", """{"image":"nowhere","sandbox_id":"a"}""");

        var result = Result(await server.GetAsync("/get_status?sandbox_id=a"));

        Assert.Equal(("stopped", "no such image"), (Text(result, "state"), Text(result, "reason")));
        var phase = result.GetProperty("status").GetProperty("image_pull");
        Assert.Equal(("failed", "no such image"), (Text(phase, "status"), Text(phase, "message")));
    }

    [Fact]
    public async Task GetStatus_OfARunning_CountsAsActivity()
    {
        var id = await _server.GivenRunningAsync();
        var before = _server.Gateway.Opened;

        await _server.GetAsync($"/get_status?sandbox_id={id}");

        Assert.Equal(before + 1, _server.Gateway.Opened);
        Assert.Equal(0, _server.Gateway.InFlight);
    }

    [Fact]
    public async Task GetStatus_Waiting_AnswersWhenTheStatusChanges()
    {
        await using var server = await ApiServer.StartAsync();
        var gate = new TaskCompletionSource();
        server.Node.Gate = gate.Task;
        await server.PostAsync("/start_async", """{"image":"busybox","sandbox_id":"a"}""");

        var seen = new List<string?>();
        await foreach (var status in server.Client.WatchStatusAsync(SandboxId.Parse("a"), TestContext.Current.CancellationToken))
        {
            seen.Add(status.State);
            gate.TrySetResult();
            if (status.IsAlive)
            {
                break;
            }
        }

        Assert.Equal(["pending", "running"], seen);
    }

    [Fact]
    public async Task Times_InAnotherZone_CarryItsOffset()
    {
        await using var server = await ApiServer.StartAsync(("ROCK_TIME_ZONE", "Asia/Shanghai"));
        await server.GivenRunningAsync("a");

        var result = Result(await server.GetAsync("/get_status?sandbox_id=a"));

        Assert.EndsWith("+08:00", Text(result, "create_time"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task IsAlive_OfARunning_NamesTheHost()
    {
        var id = await _server.GivenRunningAsync();

        var answer = await _server.GetAsync($"/is_alive?sandbox_id={id}");

        Assert.Equal("""{"status":"Success","message":null,"error":null,"result":{"is_alive":true,"message":"node-1"}}""", answer);
    }

    [Fact]
    public async Task IsAlive_OfWhatIsNot_SucceedsWithFalse()
    {
        var id = await _server.GivenStoppedAsync();

        Assert.Equal(Dead($"Sandbox {id} is not started (stopped)."), await _server.GetAsync($"/is_alive?sandbox_id={id}"));
        Assert.Equal(Dead("Sandbox nobody not found."), await _server.GetAsync("/is_alive?sandbox_id=nobody"));
        Assert.Equal(
            Dead("'*' is not a sandbox id: 1 to 63 characters of A-Z a-z 0-9 _ . -, the first a letter or digit."),
            await _server.GetAsync("/is_alive?sandbox_id=*"));
    }

    [Fact]
    public async Task List_OfWhatLives_PagesAndFilters()
    {
        await using var server = await ApiServer.StartAsync();
        await server.GivenRunningAsync("a");
        await server.GivenRunningAsync("b");
        await server.GivenStoppedAsync("c");

        var first = await server.Client.ListAsync(new Dictionary<string, string>(), 1, 1, default);
        var filtered = await server.Client.ListAsync(
            new Dictionary<string, string> { ["state"] = "running", ["image"] = "busybox" }, 1, 10, default);
        var none = await server.Client.ListAsync(new Dictionary<string, string> { ["colour"] = "red" }, 1, 10, default);

        Assert.Equal((2L, true, 1), (first.Total, first.HasMore, first.Items.Count));
        Assert.Equal(["a", "b"], filtered.Items.Select(item => item.SandboxId).Order());
        Assert.All(filtered.Items, item => Assert.True(item.IsAlive));
        Assert.Empty(none.Items);
    }

    [Fact]
    public async Task Batch_OfMany_LeavesOutWhatIsNotLive()
    {
        await using var server = await ApiServer.StartAsync();
        await server.GivenRunningAsync("a");
        await server.GivenStoppedAsync("b");

        var answer = await server.PostAsync("/sandboxes/batch", """{"sandbox_ids":["a","b","nobody","*","a"]}""");

        Assert.StartsWith("""{"status":"Success","message":null,"error":null,"result":{"code":null,"exit_code":null,"failure_reason":null,"statuses":[{"sandbox_id":"a",""", answer, StringComparison.Ordinal);
        Assert.Single(Result(answer).GetProperty("statuses").EnumerateArray());
    }

    [Fact]
    public void RockJson_OfAStatus_IsReadBack()
    {
        var status = JsonSerializer.Deserialize("""{"sandbox_id":"a","cpus":2.0,"is_alive":true}""", RockJson.Default.StatusResult);

        Assert.Equal(("a", 2.0, true), (status!.SandboxId, status.Cpus, status.IsAlive));
    }

    private static string NotFound(string id) =>
        $$$"""{"status":"Failed","message":"get sandbox status failed","error":"Sandbox {{{id}}} not found.","result":{"code":4000,"exit_code":null,"failure_reason":"Sandbox {{{id}}} not found."}}""";

    private static string Dead(string reason) =>
        $$$"""{"status":"Success","message":null,"error":null,"result":{"is_alive":false,"message":"{{{reason}}}"}}""";

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();

    private static JsonElement Result(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        Assert.Equal("Success", document.RootElement.GetProperty("status").GetString());
        return document.RootElement.GetProperty("result").Clone();
    }
}
