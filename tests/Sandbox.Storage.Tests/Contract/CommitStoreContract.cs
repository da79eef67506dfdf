using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of commits promises.</summary>
public abstract class CommitStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private readonly SandboxId _id = SandboxId.Parse("box");

    [Fact]
    public async Task Find_OfASandboxNeverCommitted_IsNull() => Assert.Null(await Commits.FindAsync(_id, CancellationToken));

    [Fact]
    public async Task Begin_WritesTheCommitAndItsJob()
    {
        await GivenSandboxAsync();
        var begun = await Commits.BeginAsync(Begun("a:1"), JobOf("a:1"), CancellationToken);

        Assert.Equal(Begun("a:1"), begun);
        Assert.Equal(begun, await Commits.FindAsync(_id, CancellationToken));
        var job = Assert.IsType<CommitSandboxJob>(Assert.Single(await ClaimAsync()).Job);
        Assert.Equal(("a:1", "p", begun.StartedAt), (job.ImageTag, job.Password, job.StartedAt));
    }

    [Fact]
    public async Task Begin_WhileOneIsRunning_AnswersThatOneAndWritesNothing()
    {
        await GivenSandboxAsync();
        var first = await Commits.BeginAsync(Begun("a:1"), JobOf("a:1"), CancellationToken);

        var second = await Commits.BeginAsync(Begun("a:2", later: 5), JobOf("a:2", later: 5), CancellationToken);

        Assert.Equal(first, second);
        await AssertJobsAsync("a:1");
    }

    [Fact]
    public async Task Begin_ByManyAtOnce_SucceedsOnceWithOneJob()
    {
        await GivenSandboxAsync();
        var begun = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
            Commits.BeginAsync(Begun($"a:{i}", later: i), JobOf($"a:{i}", later: i), CancellationToken))));

        Assert.Single(begun.Distinct());
        await AssertJobsAsync(begun[0].ImageTag);
    }

    [Fact]
    public async Task End_OfTheRunningOne_IsFoundWithEveryField()
    {
        await GivenSandboxAsync();
        var ended = (await Commits.BeginAsync(Begun("a:1"), JobOf("a:1"), CancellationToken)) with
        {
            Phase = CommitPhase.Failed,
            CompletedAt = Given.Now.AddSeconds(3),
            ExitCode = 13,
            FailedStage = "push",
            ErrorCode = "PUSH_FAILED",
            ErrorMessage = "denied",
        };

        Assert.True(await Commits.TryEndAsync(ended, CancellationToken));
        await ReopenAsync();

        Assert.Equal(ended, await Commits.FindAsync(_id, CancellationToken));
    }

    [Fact]
    public async Task End_OfOneThatIsNotRunning_ChangesNothing()
    {
        await GivenSandboxAsync();
        var first = await Commits.BeginAsync(Begun("a:1"), JobOf("a:1"), CancellationToken);
        var succeeded = first with { Phase = CommitPhase.Succeeded, CompletedAt = Given.Now };
        Assert.True(await Commits.TryEndAsync(succeeded, CancellationToken));

        Assert.False(await Commits.TryEndAsync(first with { Phase = CommitPhase.Failed }, CancellationToken), "it had ended before");
        var next = await Commits.BeginAsync(Begun("a:2", later: 5), JobOf("a:2", later: 5), CancellationToken);
        Assert.False(await Commits.TryEndAsync(succeeded, CancellationToken), "a later one is running");

        Assert.Equal(next, await Commits.FindAsync(_id, CancellationToken));
    }

    [Fact]
    public async Task QueueAgain_OfTheRunningOne_PutsItsJobBehindTheOthers()
    {
        var record = await GivenSandboxAsync();
        await Commits.BeginAsync(Begun("a:1"), JobOf("a:1"), CancellationToken);
        var stopped = record.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(record, stopped, Given.StopOf(stopped)), CancellationToken));

        Assert.True(await Commits.TryQueueAgainAsync(JobOf("a:1"), CancellationToken));

        await CompleteOneAsync();
        Assert.IsType<StopSandboxJob>((await CompleteOneAsync()).Job);
        Assert.IsType<CommitSandboxJob>((await CompleteOneAsync()).Job);
    }

    [Fact]
    public async Task QueueAgain_OfAnEarlierOne_IsRefused()
    {
        await GivenSandboxAsync();
        Assert.False(await Commits.TryQueueAgainAsync(JobOf("a:1"), CancellationToken), "none was ever begun");
        await Commits.BeginAsync(Begun("a:2", later: 5), JobOf("a:2", later: 5), CancellationToken);

        Assert.False(await Commits.TryQueueAgainAsync(JobOf("a:1"), CancellationToken), "another one is running");

        await AssertJobsAsync("a:2");
    }

    /// <summary>Ids are one for all tenants: who uses one next learns nothing of what an earlier one committed.</summary>
    [Fact]
    public async Task Find_InALaterLifeOfTheId_IsNullUntilItsOwnCommitBegins()
    {
        var record = await GivenSandboxAsync();
        await Commits.BeginAsync(Begun("secret-name:1"), JobOf("secret-name:1"), CancellationToken);
        await CompleteOneAsync();
        await TransitionedAsync(record, SandboxEvent.Stop, SandboxEvent.Delete);
        Time.Advance(ISandboxStore.TombstoneFor);
        await CreatedAsync(Given.Pending("box", Time.GetUtcNow()));
        await CompleteOneAsync();

        Assert.Null(await Commits.FindAsync(_id, CancellationToken));
        var own = Begun("own:1", later: (int)ISandboxStore.TombstoneFor.TotalSeconds + 5);
        Assert.Equal(own, await Commits.BeginAsync(own, JobOf("own:1"), CancellationToken));
        Assert.Equal(own, await Commits.FindAsync(_id, CancellationToken));
    }

    [Fact]
    public async Task Purge_OfATombstone_ForgetsItsCommit()
    {
        var record = await GivenSandboxAsync();
        await Commits.BeginAsync(Begun("a:1"), JobOf("a:1"), CancellationToken);
        await TransitionedAsync(record, SandboxEvent.Stop, SandboxEvent.Delete);
        Assert.Equal(1, await CountAsync("commits"));

        Time.Advance(ISandboxStore.TombstoneKept);
        Assert.Equal(1, await Records.PurgeAsync(10, CancellationToken));

        Assert.Equal(0, await CountAsync("commits"));
    }

    private async Task<SandboxInstance> GivenSandboxAsync()
    {
        var record = await CreatedAsync(Given.Pending("box"));
        await CompleteOneAsync();
        return record;
    }

    private async Task AssertJobsAsync(string onlyTag)
    {
        Assert.Equal(onlyTag, Assert.IsType<CommitSandboxJob>((await CompleteOneAsync()).Job).ImageTag);
        Assert.True((await ClaimAsync()).Count == 0, "one commit was begun, so there must be one job");
    }

    private async Task<ClaimedJob> CompleteOneAsync()
    {
        var job = Assert.Single(await ClaimAsync(1));
        Assert.True(await Jobs.TryCompleteAsync(job, CancellationToken));
        return job;
    }

    private SandboxCommit Begun(string tag, int later = 0) => new(_id, tag, CommitPhase.Running, Given.Now.AddSeconds(later));

    private CommitSandboxJob JobOf(string tag, int later = 0) => new()
    {
        SandboxId = _id,
        SandboxVersion = 1,
        Incarnation = IncarnationId.New(),
        ImageTag = tag,
        Password = "p",
        StartedAt = Given.Now.AddSeconds(later),
    };
}
