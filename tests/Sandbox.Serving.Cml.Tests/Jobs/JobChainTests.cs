using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Serving.Cml.Fake;
using Sandbox.Serving.Cml.Jobs;
using Sandbox.Serving.Cml.Rest;
using Sandbox.Testing;

namespace Sandbox.Serving.Cml.Tests.Jobs;

/// <summary>The whole chain is watched, and no job runs twice, whether the server starts children by itself or not.</summary>
public sealed class JobChainTests
{
    private static readonly ImmutableArray<JobDefinition> Definitions =
        [Definition("sync", null), Definition("setup", "sync"), Definition("launch", "setup")];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("Row", "45")]
    [InlineData(true, "job_runs", "ENGINE_SCHEDULING", "ENGINE_RUNNING", "ENGINE_SUCCEEDED")]
    [InlineData(true, "runs", "scheduling", "running", "succeeded")]
    [InlineData(false, "runs", "ENGINE_SCHEDULING", "ENGINE_SUCCEEDED")]
    public async Task Chain_ForTheFirstTime_RunsEachJobOnceInOrder(bool startsChildren, string list, params string[] states)
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        (server.StartsChildren, server.RunsName, server.StatesOfRuns) = (startsChildren, list, _ => states);
        var (project, jobs) = await GivenAsync(server, client);

        var outcomes = await Chain(client).RunAsync(project, jobs, force: false, Cancelled);

        Assert.Equal(["sync", "setup", "launch"], outcomes.Select(outcome => outcome.Key));
        Assert.All(outcomes, outcome => Assert.False(outcome.Skipped, $"{outcome.Key} had never run"));
        Assert.All(server.Jobs, job => Assert.True(job.Runs.Count == 1, $"{job.Name} was to run once and ran {job.Runs.Count} times"));
        Assert.Equal(startsChildren ? 1 : 3, server.Requests.Count(IsStart));
    }

    [Fact]
    [Trait("Row", "45")]
    public async Task Chain_ThatHasSucceeded_IsSkippedAndByForceRunsAgain()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var (project, jobs) = await GivenAsync(server, client);
        var first = await Chain(client).RunAsync(project, jobs, force: false, Cancelled);

        var second = await Chain(client).RunAsync(project, jobs, force: false, Cancelled);

        Assert.All(second, outcome => Assert.True(outcome.Skipped, $"{outcome.Key} had succeeded"));
        Assert.Equal(first.Select(outcome => outcome.RunId), second.Select(outcome => outcome.RunId));
        var forced = await Chain(client).RunAsync(project, jobs, force: true, Cancelled);
        Assert.All(forced, outcome => Assert.False(outcome.Skipped, $"{outcome.Key} was forced"));
        Assert.All(server.Jobs, job => Assert.Equal(2, job.Runs.Count));
    }

    [Theory]
    [Trait("Row", "45")]
    [InlineData("ENGINE_FAILED")]
    [InlineData("ENGINE_STOPPED")]
    [InlineData("ENGINE_TIMEDOUT")]
    [InlineData("killed")]
    [InlineData("error")]
    public async Task Chain_WhoseSecondJobFails_EndsThereAndGoesOnFromItNextTime(string state)
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var (project, jobs) = await GivenAsync(server, client);
        server.StatesOfRuns = name => name == "job setup" ? ["ENGINE_RUNNING", state] : ["ENGINE_SUCCEEDED"];

        var error = await Assert.ThrowsAsync<CmlException>(() => Chain(client).RunAsync(project, jobs, force: false, Cancelled));

        Assert.Equal(CmlError.Failed, error.Error);
        Assert.Contains("job setup has failed", error.Message, StringComparison.Ordinal);
        Assert.Empty(server.Jobs[2].Runs);
        server.StatesOfRuns = _ => ["ENGINE_SUCCEEDED"];
        var outcomes = await Chain(client).RunAsync(project, jobs, force: false, Cancelled);
        Assert.Equal([true, false, false], outcomes.Select(outcome => outcome.Skipped));
        Assert.Equal([1, 2, 1], server.Jobs.Select(job => job.Runs.Count));
    }

    [Fact]
    public async Task Chain_WhoseJobRunsAlready_WatchesThatRun()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var (project, jobs) = await GivenAsync(server, client);
        var run = (await client.StartRunAsync(project, jobs[0].Id, Cancelled)).Id;

        var outcomes = await Chain(client).RunAsync(project, jobs, force: false, Cancelled);

        Assert.Equal(run, outcomes[0].RunId);
        Assert.Single(server.Jobs[0].Runs);
    }

    [Fact]
    public async Task Chain_WhoseJobDoesNotEnd_IsATimeoutThatNamesIt()
    {
        await using var server = await FakeCml.StartAsync();
        using var client = server.Client();
        var (project, jobs) = await GivenAsync(server, client);
        server.StatesOfRuns = _ => ["ENGINE_RUNNING"];

        var error = await Assert.ThrowsAsync<CmlException>(() => Chain(client).RunAsync(project, jobs, force: false, Cancelled));

        Assert.Equal(CmlError.Timeout, error.Error);
        Assert.Contains("job job sync (run ", error.Message, StringComparison.Ordinal);
        Assert.Contains("last: running", error.Message, StringComparison.Ordinal);
    }

    private static bool IsStart(RecordedRequest request) =>
        request.Method == "POST" && request.Target.EndsWith("/runs", StringComparison.Ordinal);

    private static JobDefinition Definition(string key, string? parent) =>
        new(key, "job " + key, key + ".py", parent, TimeSpan.FromSeconds(600), 4, 16);

    private static JobChain Chain(CmlClient client) => new(client, new ImpatientTime(), NullLogger<JobChain>.Instance);

    private static async Task<(string Project, ImmutableArray<ProjectJob> Jobs)> GivenAsync(FakeCml server, CmlClient client)
    {
        var project = server.GivenProject("p");
        var setup = new JobSetup(client, NullLogger<JobSetup>.Instance);
        return (project, await setup.EnsureAsync(project, Definitions, null, Cancelled));
    }
}
