using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Tests.Servers;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Api.Tests.Ops;

/// <summary>ROCK's task sets and warm-up, over nodes that do what the test says.</summary>
public sealed class TaskSetTests : IAsyncLifetime
{
    private const string Route = ApiServer.Rock + "/ops/tasksets";

    // Leases are by this clock; not further than sandboxes need it for anything.
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 1, 3, 0, 0, TimeSpan.Zero));

    private ApiServer _server = null!;

    private TestMaintenance Nodes => _server.Get<TestMaintenance>();

    public async ValueTask InitializeAsync() => _server = await ApiServer.StartAsync(_clock);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Set_ThatSucceedsOnAllNodes_IsToldInRocksForm()
    {
        var begun = await PostAsync("""{"spec":{"taskTypes":["image_cleanup"]}}""");
        var id = Id(begun);

        var expected =
            $$$$"""{"status":"Success","message":"ok","error":null,"result":{"metadata":{"tasksetId":"{{{{id}}}}","creationTimestamp":"2026-05-01T03:00:00+00:00"},"spec":{"taskTypes":["image_cleanup"],"targetWorkers":["n1","n2"]},"status":{"phase":"Succeeded","assignedPod":null,"active":0,"succeeded":1,"failed":0,"startTime":"2026-05-01T03:00:00+00:00","completionTime":"2026-05-01T03:00:05+00:00","conditions":[]},"tasks":[{"metadata":{"taskId":"{{{{id}}}}.image_cleanup","tasksetId":"{{{{id}}}}","creationTimestamp":"2026-05-01T03:00:00+00:00"},"spec":{"taskType":"image_cleanup","targetWorkers":["n1","n2"]},"status":{"phase":"Succeeded","startTime":"2026-05-01T03:00:00+00:00","completionTime":"2026-05-01T03:00:05+00:00","conditions":[],"status":{"n1":"done","n2":"done"}}}]}}""";
        Assert.Matches("^[0-9a-f]{32}$", id);
        Assert.Equal(expected, await _server.GetAsync($"/ops/tasksets/{id}"));
        Assert.All(Nodes.Asked, asked => Assert.False(asked.Order.WaitsForEnd, "a task set is answered when it has begun"));
    }

    [Fact]
    public async Task Set_WithoutABody_HasEveryTaskThatOnlyCleansOrPutsAway()
    {
        using var answer = await _server.Http.PostAsync(Route, content: null);

        var result = Result(await answer.Content.ReadAsStringAsync());
        Assert.Equal(
            ["container_cleanup", "file_cleanup", "image_cleanup", "sandbox_log_archive"],
            result.GetProperty("tasks").EnumerateArray().Select(task => task.GetProperty("spec").GetProperty("taskType").GetString()));
    }

    [Fact]
    public async Task Set_OfWhichOneNodeFailsAndOneRuns_SaysBoth()
    {
        Nodes.Outcomes["n1"] = (MaintenanceRun.Failed, "the engine does not answer");
        Nodes.Outcomes["n2"] = (MaintenanceRun.Running, "removed 3 images");
        var id = Id(await PostAsync("""{"spec":{"taskTypes":["image_cleanup"]}}"""));

        var running = Result(await _server.GetAsync($"/ops/tasksets/{id}"));
        Nodes.Outcomes["n2"] = (MaintenanceRun.Succeeded, "done");
        var ended = Result(await _server.GetAsync($"/ops/tasksets/{id}"));

        Assert.Equal(("Running", 1), (Phase(running), running.GetProperty("status").GetProperty("active").GetInt32()));
        Assert.Equal(("Failed", 1), (Phase(ended), ended.GetProperty("status").GetProperty("failed").GetInt32()));
        var task = ended.GetProperty("tasks")[0].GetProperty("status");
        Assert.Equal("n1: the engine does not answer", task.GetProperty("conditions")[0].GetString());
        Assert.Equal("done", task.GetProperty("status").GetProperty("n2").GetString());
    }

    [Fact]
    public async Task Set_ForSomeWorkers_AsksNoOther()
    {
        await PostAsync("""{"spec":{"taskTypes":["file_cleanup"],"targetWorkers":["n2"]}}""");

        Assert.Equal(["n2"], Nodes.Asked.Select(asked => asked.Node));
    }

    [Fact]
    public async Task Set_OfATaskThatWasAskedForAMomentAgo_IsRefusedForAMinute()
    {
        await PostAsync("""{"spec":{"taskTypes":["image_cleanup"]}}""");

        var cooling = Result(await PostAsync("""{"spec":{"taskTypes":["file_cleanup","image_cleanup"]}}"""));
        var other = Result(await PostAsync("""{"spec":{"taskTypes":["file_cleanup"]}}"""));
        _clock.Advance(TimeSpan.FromSeconds(61));
        var later = Result(await PostAsync("""{"spec":{"taskTypes":["image_cleanup"]}}"""));

        Assert.Equal(("RateLimited", ""), (Phase(cooling), cooling.GetProperty("metadata").GetProperty("tasksetId").GetString()));
        Assert.True(Phase(other) is "Succeeded", "a task of a set that was refused is not cooled down by it");
        Assert.Equal("Succeeded", Phase(later));
    }

    [Theory]
    [InlineData("""{"spec":{"taskTypes":["image_pull"]}}""")]
    [InlineData("""{"spec":{"taskTypes":["docker_health"]}}""")]
    [InlineData("""{"spec":{"taskTypes":["image_cleanup","../etc_cleanup"]}}""")]
    [InlineData("""{"spec":{"taskTypes":[]}}""")]
    public async Task Set_OfWhatIsNotForTaskSets_IsRejectedAndNothingIsDone(string body)
    {
        var rejected = Result(await PostAsync(body));

        Assert.Equal("Rejected", Phase(rejected));
        Assert.Empty(Nodes.Asked);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("0123456789abcdef0123456789abcdef")]
    public async Task Set_ThatNobodyKnows_IsNotFoundAndASuccess(string id)
    {
        var found = await _server.GetAsync($"/ops/tasksets/{id}");

        Assert.StartsWith("""{"status":"Success",""", found, StringComparison.Ordinal);
        Assert.Equal(("NotFound", id), (Phase(Result(found)), Id(found)));
    }

    [Fact]
    public async Task Set_OfAFormThatCannotBe_IsAnInvalidParameter() =>
        Assert.Equal(
            """{"status":"Failed","message":"invalid parameter","error":"body.spec.taskTypes: Input should be a valid list","result":null}""",
            await PostAsync("""{"spec":{"taskTypes":"image_cleanup"}}"""));

    [Fact]
    public async Task Warmup_OnAllNodes_SucceedsWithoutAResult()
    {
        var answer = await _server.PostAsync("/warmup/tasks", "{}");

        Assert.Equal("""{"status":"Success","message":"python:3.11 is on 2 nodes","error":null,"result":null}""", answer);
        Assert.Equal(["n1", "n2"], Nodes.Asked.Select(asked => asked.Node));
        Assert.All(
            Nodes.Asked,
            asked => Assert.Equal((true, "image_pull", "python:3.11"), (asked.Order.WaitsForEnd, asked.Order.Task, asked.Order.Images[0])));
    }

    [Fact]
    public async Task Warmup_ThatANodeCannotDo_FailsWithItsReason()
    {
        Nodes.Outcomes["n2"] = (MaintenanceRun.Failed, "no space left");

        var answer = await _server.PostAsync("/warmup/tasks", """{"image":"busybox"}""");

        Assert.Equal(
            """{"status":"Failed","message":"warmup failed","error":"n2: no space left","result":{"code":5000,"exit_code":null,"failure_reason":"n2: no space left"}}""",
            answer);
    }

    [Theory]
    [InlineData("sha256:0123")]
    [InlineData("a b")]
    [InlineData("UPPER")]
    public async Task Warmup_OfWhatIsNoImage_AsksNoNode(string image)
    {
        var answer = await _server.PostAsync("/warmup/tasks", $$"""{"image":"{{image}}"}""");

        Assert.Contains("\"code\":4000", answer, StringComparison.Ordinal);
        Assert.Empty(Nodes.Asked);
    }

    [Fact]
    public async Task Maintenance_Asked_TellsEachNodesTasksAndRuns()
    {
        Nodes.Silent["n2"] = "The node is dead.";
        await PostAsync("""{"spec":{"taskTypes":["image_cleanup"]}}""");

        var reports = JsonDocument.Parse(await _server.Http.GetStringAsync("/api/v1/maintenance")).RootElement;

        Assert.Equal("0 3 * * *", reports[0].GetProperty("tasks")[0].GetProperty("schedule").GetString());
        Assert.Equal("succeeded", reports[0].GetProperty("runs")[0].GetProperty("state").GetString());
        Assert.Equal("The node is dead.", reports[1].GetProperty("problem").GetString());
    }

    [Theory]
    [InlineData("""{"task":"none"}""", 400)]
    [InlineData("""{}""", 400)]
    [InlineData("""{"task":"image_cleanup","images":["busybox"]}""", 400)]
    [InlineData("""{"task":"image_pull","images":["sha256:00"]}""", 400)]
    [InlineData("""{"task":"image_pull","images":[null]}""", 400)]
    [InlineData("""{"task":"image_pull","nodes":[null]}""", 400)]
    [InlineData("""{"task":"image_pull","images":["busybox"],"nodes":["n1"]}""", 200)]
    public async Task Maintenance_AskedFor_IsDoneOnceItCanBe(string body, int expected)
    {
        using var answer = await _server.AskAsync(null, "/api/v1/maintenance", body);

        Assert.Equal(expected, (int)answer.StatusCode);
        Assert.Equal(expected is 200 ? ["n1"] : [], Nodes.Asked.Select(asked => asked.Node));
    }

    private Task<string> PostAsync(string body) => _server.PostAsync("/ops/tasksets", body);

    private static JsonElement Result(string answer) => JsonDocument.Parse(answer).RootElement.GetProperty("result");

    private static string Id(string answer) => Result(answer).GetProperty("metadata").GetProperty("tasksetId").GetString()!;

    private static string Phase(JsonElement set) => set.GetProperty("status").GetProperty("phase").GetString()!;
}
