using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Serving.Cml.Configuration;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Serving.Cml.Rest;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests.Rest;

/// <summary>Each call as it is on the wire, and each way in which it can fail.</summary>
public sealed class CmlClientTests
{
    private static readonly JobSettings Job = new("Sync", "sync.py", 2, 4.5, 600, "image:1", ParentJobId: null);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Client_EachCall_SendsMethodPathAndBodyOfTheInterface()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();

        await client.CheckAsync(Cancelled);
        Assert.Empty(await client.FindProjectsAsync("a \"b\"", Cancelled));
        var project = (await client.CreateProjectAsync(new NewProject("p", "d", "https://git.example/r.git"), Cancelled)).Id!;
        await client.GetProjectAsync(project, Cancelled);
        await client.ListJobsAsync(project, Cancelled);
        var parent = (await client.CreateJobAsync(project, Job, Cancelled)).Id!;
        var job = (await client.CreateJobAsync(project, Job with { ParentJobId = parent, RuntimeIdentifier = null }, Cancelled)).Id!;
        await client.UpdateJobAsync(project, job, Job with { ParentJobId = parent }, Cancelled);
        var run = (await client.StartRunAsync(project, job, Cancelled)).Id!;
        Assert.Equal(run, Assert.Single(await client.ListRunsAsync(project, job, Cancelled)).Id);
        await client.GetRunAsync(project, job, run, Cancelled);
        var worker = new NewApplication("w", "w.py", 16, 64, NvidiaGpu: 2, "image:1", "w")
        {
            Environment = ImmutableSortedDictionary<string, string>.Empty.Add("RAY_HEAD_ADDRESS", "head:6379"),
        };
        var application = (await client.CreateApplicationAsync(project, worker, Cancelled)).Id!;
        await client.CreateApplicationAsync(
            project, worker with { NvidiaGpu = null, Environment = null, Subdomain = "h" }, Cancelled);
        await client.GetApplicationAsync(project, application, Cancelled);
        Assert.Equal(2, (await client.ListApplicationsAsync(project, Cancelled)).Length);
        await client.DeleteApplicationAsync(project, application, Cancelled);
        // It is gone, and that was what was wanted.
        await client.DeleteApplicationAsync(project, application, Cancelled);

        Assert.Equal(
            [
                "GET /projects?page_size=1",
                "GET /projects?search_filter=%7B%22name%22%3A%22a%20%5Cu0022b%5Cu0022%22%7D&page_size=50",
                """
                POST /projects {"name":"p","description":"d","git_url":"https://git.example/r.git","template":"git","project_visibility":"private"}
                """,
                "GET /projects/project-1",
                "GET /projects/project-1/jobs?page_size=50",
                """
                POST /projects/project-1/jobs {"name":"Sync","script":"sync.py","cpu":2,"memory":4.5,"timeout":600,"runtime_identifier":"image:1"}
                """,
                """
                POST /projects/project-1/jobs {"name":"Sync","script":"sync.py","cpu":2,"memory":4.5,"timeout":600,"parent_job_id":"job-2"}
                """,
                """
                PATCH /projects/project-1/jobs/job-3 {"name":"Sync","script":"sync.py","cpu":2,"memory":4.5,"timeout":600,"runtime_identifier":"image:1"}
                """,
                "POST /projects/project-1/jobs/job-3/runs",
                "GET /projects/project-1/jobs/job-3/runs?page_size=5",
                "GET /projects/project-1/jobs/job-3/runs/run-4",
                """
                POST /projects/project-1/applications {"name":"w","script":"w.py","cpu":16,"memory":64,"nvidia_gpu":2,"runtime_identifier":"image:1","subdomain":"w","bypass_authentication":true,"environment":{"RAY_HEAD_ADDRESS":"head:6379"}}
                """,
                """
                POST /projects/project-1/applications {"name":"w","script":"w.py","cpu":16,"memory":64,"runtime_identifier":"image:1","subdomain":"h","bypass_authentication":true}
                """,
                "GET /projects/project-1/applications/app-5",
                "GET /projects/project-1/applications?page_size=50",
                "DELETE /projects/project-1/applications/app-5",
                "DELETE /projects/project-1/applications/app-5",
            ],
            server.Requests.Select(request => request.ToString()));
    }

    [Theory]
    [InlineData(401, "{}", CmlError.Unauthorized)]
    [InlineData(403, "{}", CmlError.Unauthorized)]
    [InlineData(404, "{}", CmlError.NotFound)]
    [InlineData(409, "{}", CmlError.Refused)]
    [InlineData(302, "", CmlError.Refused)]
    [InlineData(500, "oops", CmlError.ServerFailed)]
    [InlineData(503, "", CmlError.ServerFailed)]
    [InlineData(200, "<html>log in</html>", CmlError.InvalidAnswer)]
    [InlineData(200, "", CmlError.InvalidAnswer)]
    [InlineData(200, "[1]", CmlError.InvalidAnswer)]
    [InlineData(200, "{}", CmlError.InvalidAnswer)]
    public async Task Client_AnAnswerThatIsNoSuccess_ThrowsATypedError(int status, string body, CmlError expected)
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        server.Fail("GET /projects/p", status, body);

        var error = await Assert.ThrowsAsync<CmlException>(() => client.GetProjectAsync("p", Cancelled));

        Assert.Equal(expected, error.Error);
        Assert.Contains("GET projects/p", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_AServerThatRepeatsTheKey_TellsAndLogsNothingOfIt()
    {
        await using var server = await FakeCml.StartAsync();
        var logger = new ListLogger<CmlClient>();
        var key = "another-" + FakeCml.Key;
        using var client = server.Client(logger: logger, key: key);

        var error = await Assert.ThrowsAsync<CmlException>(() => client.CheckAsync(Cancelled));

        Assert.Equal(CmlError.Unauthorized, error.Error);
        Assert.Contains("no such key: Bearer ***", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(key, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(key, string.Join('\n', logger.Lines), StringComparison.Ordinal);
        Assert.NotEmpty(logger.Lines);
    }

    /// <summary>The key stands where the text is cut.</summary>
    [Fact]
    public async Task Client_ALongRefusal_IsCutAfterTheKeyWasTakenOut()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        server.Fail("GET /projects", 500, new string('x', 190) + FakeCml.Key + new string('y', 500));

        var error = await Assert.ThrowsAsync<CmlException>(() => client.CheckAsync(Cancelled));

        Assert.DoesNotContain(FakeCml.Key[..6], error.Message, StringComparison.Ordinal);
        Assert.EndsWith("***" + new string('y', 7) + "...", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_NoAnswerWithin30Seconds_IsATimeout()
    {
        await using var server = await FakeCml.StartAsync();
        var time = new FakeTimeProvider();
        using var client = server.Client(time);
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        server.FailBy("GET /projects", () => new WaitingResult(asked, answer.Task));

        var call = client.CheckAsync(Cancelled);
        await asked.Task.WaitAsync(Cancelled);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(call.IsCompleted, "29 s are within the limit");
        time.Advance(TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAsync<CmlException>(() => call);
        answer.SetResult();
        Assert.Equal(CmlError.Timeout, error.Error);
        Assert.Contains("no answer within 30 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_NobodyListens_IsUnreachable()
    {
        var server = await FakeCml.StartAsync();
        using var client = server.Client();
        await server.DisposeAsync();

        var error = await Assert.ThrowsAsync<CmlException>(() => client.CheckAsync(Cancelled));

        Assert.Equal(CmlError.Unreachable, error.Error);
    }

    [Fact]
    public async Task Client_ListsOfRuns_AreReadUnderBothNames()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        server.Fail("GET /projects/p/jobs/j/runs", 200, """{"runs":[{"id":"r1","status":"succeeded"}]}""");
        server.Fail(
            "GET /projects/p/jobs/j/runs", 200,
            """{"job_runs":[{"id":"r1","created_at":"2026-01-01T00:00:00Z"},{"id":"r2","created_at":"2026-01-02T00:00:00Z"}]}""");

        Assert.Equal(["r1"], (await client.ListRunsAsync("p", "j", Cancelled)).Select(run => run.Id));
        Assert.Equal(["r2", "r1"], (await client.ListRunsAsync("p", "j", Cancelled)).Select(run => run.Id));
    }

    [Theory]
    [InlineData("ml.example", "https://ml.example/")]
    [InlineData("https://ml.example:8443/path", "https://ml.example:8443/")]
    [InlineData("http://127.0.0.1:5000", "http://127.0.0.1:5000/")]
    public void Connection_OfAHost_IsItsAddress(string host, string expected) =>
        Assert.Equal(new Uri(expected), CmlConnection.Create(host, "key").Host);

    [Theory]
    [InlineData("", "key", "no address")]
    [InlineData("http://ml.example", "key", "https")]
    [InlineData("ftp://ml.example", "key", "no address")]
    [InlineData("ml.example", "", "API key")]
    [InlineData("ml.example", "a\nb", "API key")]
    public void Connection_ThatCannotBe_SaysWhy(string host, string key, string reason) => Assert.Contains(
        reason, Assert.Throws<CmlConfigurationException>(() => CmlConnection.Create(host, key)).Message, StringComparison.Ordinal);

    private sealed class WaitingResult(TaskCompletionSource asked, Task answer) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            asked.SetResult();
            return answer;
        }
    }
}
