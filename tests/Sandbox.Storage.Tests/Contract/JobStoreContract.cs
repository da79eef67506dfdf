using System.Collections.Concurrent;
using System.Diagnostics;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of jobs promises.</summary>
public abstract class JobStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Claim_OfANewJob_GivesTheJobAsItWasWritten()
    {
        var record = Given.Pending();
        await Records.TryCreateAsync(record, Given.StartOf(record, "secret"), CancellationToken);

        var claimed = Assert.Single(await ClaimAsync());

        Assert.Equal(Given.StartOf(record, "secret"), claimed.Job);
        Assert.Equal(1, claimed.Attempt);
        Assert.Empty(await ClaimAsync());
    }

    [Fact]
    public async Task Claim_OfAJobWrittenInATrace_CarriesTheTrace()
    {
        using var activity = new Activity("ask").SetIdFormat(ActivityIdFormat.W3C).Start();
        await CreatedAsync(Given.Pending());

        Assert.Equal(activity.Id, Assert.Single(await ClaimAsync()).Job.TraceParent);
    }

    [Fact]
    public async Task Claim_OfManySandboxes_IsOldestFirstUpToTheLimit()
    {
        var records = new List<SandboxInstance>();
        for (var i = 0; i < 5; i++)
        {
            records.Add(await CreatedAsync(Given.Pending()));
        }

        Assert.Equal(records.Take(3).Select(record => record.Id), (await ClaimAsync(3)).Select(job => job.Job.SandboxId));
        Assert.Equal(records.Skip(3).Select(record => record.Id), (await ClaimAsync(3)).Select(job => job.Job.SandboxId));
    }

    [Fact]
    public async Task Claim_OfOneSandboxWithTwoJobs_GivesTheOlderAndTheNextOnlyAfterIt()
    {
        var pending = await CreatedAsync(Given.Pending());
        var stopped = pending.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, stopped, Given.StopOf(stopped)), CancellationToken));

        var start = Assert.Single(await ClaimAsync());
        Assert.IsType<StartSandboxJob>(start.Job);
        Assert.Empty(await ClaimAsync());

        Assert.True(await Jobs.TryReleaseAsync(start, TimeSpan.FromSeconds(5), CancellationToken));
        Assert.True((await ClaimAsync()).Count == 0, "the stop waits behind the start that was given back");

        Time.Advance(TimeSpan.FromSeconds(5));
        start = Assert.Single(await ClaimAsync());
        Assert.True(await Jobs.TryCompleteAsync(start, CancellationToken));

        Assert.IsType<StopSandboxJob>(Assert.Single(await ClaimAsync()).Job);
    }

    [Fact]
    public async Task Claim_AfterTheLeaseEnded_BeginsANewAttemptAndFencesTheOld()
    {
        await CreatedAsync(Given.Pending());
        var first = Assert.Single(await ClaimAsync(node: "n1", lease: Lease));

        Time.Advance(Lease - TimeSpan.FromMilliseconds(1));
        Assert.Empty(await ClaimAsync(node: "n2"));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        var second = Assert.Single(await ClaimAsync(node: "n2"));

        Assert.Equal((first.Id, 2), (second.Id, second.Attempt));
        Assert.False(await Jobs.TryRenewAsync(first, Lease, CancellationToken));
        Assert.False(await Jobs.TryReleaseAsync(first, TimeSpan.Zero, CancellationToken));
        Assert.False(await Jobs.TryCompleteAsync(first, CancellationToken));
        Assert.True(await Jobs.TryCompleteAsync(second, CancellationToken));
    }

    [Fact]
    public async Task Renew_BeforeTheLeaseEnds_KeepsOthersAway()
    {
        await CreatedAsync(Given.Pending());
        var job = Assert.Single(await ClaimAsync(lease: Lease));

        Time.Advance(Lease / 2);
        Assert.True(await Jobs.TryRenewAsync(job, Lease, CancellationToken));
        Time.Advance(Lease / 2);

        Assert.Empty(await ClaimAsync());
    }

    [Fact]
    public async Task Complete_Twice_IsDoneOnce()
    {
        await CreatedAsync(Given.Pending());
        var job = Assert.Single(await ClaimAsync());

        Assert.True(await Jobs.TryCompleteAsync(job, CancellationToken));
        Assert.False(await Jobs.TryCompleteAsync(job, CancellationToken));
    }

    [Fact]
    public async Task Complete_OfAJobGivenBack_IsRefused()
    {
        await CreatedAsync(Given.Pending());
        var job = Assert.Single(await ClaimAsync());
        Assert.True(await Jobs.TryReleaseAsync(job, TimeSpan.Zero, CancellationToken));

        Assert.False(await Jobs.TryCompleteAsync(job, CancellationToken));
        Assert.Equal(2, Assert.Single(await ClaimAsync()).Attempt);
    }

    [Fact]
    public async Task NextDue_NamesTheEndOfTheNextLeaseOrDelay()
    {
        Assert.Null(await Jobs.NextDueAsync(CancellationToken));
        await CreatedAsync(Given.Pending());
        await CreatedAsync(Given.Pending());
        Assert.Null(await Jobs.NextDueAsync(CancellationToken));

        var jobs = await ClaimAsync(lease: Lease);
        Assert.Equal(Given.Now + Lease, await Jobs.NextDueAsync(CancellationToken));
        await Jobs.TryReleaseAsync(jobs[1], TimeSpan.FromSeconds(2), CancellationToken);

        Assert.Equal(Given.Now.AddSeconds(2), await Jobs.NextDueAsync(CancellationToken));
    }

    [Fact]
    public async Task NextDue_OfAJobBehindAnother_IsNotNamed()
    {
        var pending = await CreatedAsync(Given.Pending());
        var stopped = pending.Apply(SandboxEvent.Stop);
        await Records.TryTransitionAsync(new SandboxTransition(pending, stopped, Given.StopOf(stopped)), CancellationToken);
        await ClaimAsync(lease: Lease);

        Assert.Equal(Given.Now + Lease, await Jobs.NextDueAsync(CancellationToken));
    }

    [Fact]
    public async Task ReleaseAllOf_ANode_MakesItsJobsClaimableAtOnce()
    {
        await CreatedAsync(Given.Pending());
        await CreatedAsync(Given.Pending());
        var mine = Assert.Single(await ClaimAsync(1, "n1"));
        Assert.Single(await ClaimAsync(1, "n2"));

        await Jobs.ReleaseAllOfAsync("n1", CancellationToken);

        Assert.Equal(mine.Id, Assert.Single(await ClaimAsync(10, "n1")).Id);
    }

    [Fact]
    public async Task HasOpen_UntilTheJobIsDone()
    {
        var pending = await CreatedAsync(Given.Pending());

        Assert.True(await Jobs.HasOpenAsync(pending.Id, pending.Version, CancellationToken));
        Assert.False(await Jobs.HasOpenAsync(pending.Id, pending.Version - 1, CancellationToken));
        Assert.False(await Jobs.HasOpenAsync(Given.Pending().Id, 9, CancellationToken));

        await Jobs.TryCompleteAsync(Assert.Single(await ClaimAsync()), CancellationToken);
        Assert.False(await Jobs.HasOpenAsync(pending.Id, pending.Version, CancellationToken));
    }

    [Fact]
    public async Task Claim_ByManyAtOnce_NeverGivesOneJobToTwo()
    {
        const int Sandboxes = 60;
        for (var i = 0; i < Sandboxes; i++)
        {
            await CreatedAsync(Given.Pending());
        }

        var claimed = new ConcurrentBag<ClaimedJob>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            while (await ClaimAsync(3, $"n{worker}") is { Count: > 0 } jobs)
            {
                jobs.ToList().ForEach(claimed.Add);
            }
        })));

        Assert.Equal(Sandboxes, claimed.Count);
        Assert.Equal(Sandboxes, claimed.Select(job => job.Id).Distinct().Count());
    }
}
