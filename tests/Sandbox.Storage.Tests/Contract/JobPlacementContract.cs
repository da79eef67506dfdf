using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>Which node gets which job, and when.</summary>
public abstract class JobPlacementContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private const long Gigabyte = 1L << 30;

    private static readonly NodeCapacity Plenty = new(64, 64 * Gigabyte, 64 * Gigabyte, 8);

    [Fact]
    public async Task Job_AboutAContainer_GoesToTheNodeThatHasIt()
    {
        var running = await RunningOnAsync("n7");
        var stopped = running.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(running, stopped, Given.StopOf(stopped)), CancellationToken));

        Assert.True((await ClaimAsync(await NodeAsync("n1"))).Count == 0, "n1 does not have the container");
        Assert.IsType<StopSandboxJob>(Assert.Single(await ClaimAsync(await NodeAsync("n7"))).Job);
    }

    [Fact]
    public async Task Job_WrittenBeforeTheHostWasKnown_FollowsTheContainer()
    {
        var pending = await CreatedAsync(Given.Pending());
        var start = Assert.Single(await ClaimAsync(await NodeAsync("n7")));
        var stopped = pending.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, stopped, Given.StopOf(stopped)), CancellationToken));
        Assert.True(await Records.TryUpdateFactsAsync(stopped with { HostName = "n7" }, CancellationToken));
        Assert.True(await Jobs.TryCompleteAsync(start, CancellationToken));

        Assert.True((await ClaimAsync(await NodeAsync("n1"))).Count == 0, "by now n7 has the container");
        Assert.IsType<StopSandboxJob>(Assert.Single(await ClaimAsync(await NodeAsync("n7"))).Job);
    }

    [Fact]
    public async Task Job_AboutAContainerThatNobodyHas_IsForAnyNode()
    {
        var pending = await CreatedAsync(Given.Pending());
        Assert.True(await Jobs.TryCompleteAsync(Assert.Single(await ClaimAsync()), CancellationToken));
        var stopped = pending.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, stopped, Given.StopOf(stopped)), CancellationToken));

        Assert.Single(await ClaimAsync(await NodeAsync("n1")));
    }

    [Fact]
    public async Task Job_ForAnyNode_IsNotKeptToTheHostOfTheRecord()
    {
        var running = await RunningOnAsync("n7");
        var deleted = running.Apply(SandboxEvent.Stop).Apply(SandboxEvent.Delete);
        var discard = new DiscardArchiveJob { SandboxId = deleted.Id, SandboxVersion = deleted.Version, Incarnation = deleted.Incarnation };
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(running, deleted, discard), CancellationToken));

        Assert.Equal(discard, Assert.Single(await ClaimAsync(await NodeAsync("n1"))).Job with { TraceParent = null });
    }

    [Fact]
    public async Task OnlyNode_UnderAnotherName_StillHasEveryContainer()
    {
        var running = await RunningOnAsync("laptop");
        var stopped = running.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(running, stopped, Given.StopOf(stopped)), CancellationToken));

        Assert.Single(await ClaimAsync(new JobClaim("laptop.local", 10, TimeSpan.FromSeconds(15))));
    }

    [Theory]
    [InlineData(5, 64, 64, 8, 2)]
    [InlineData(64, 3, 64, 8, 1)]
    [InlineData(64, 64, 14, 8, 2)]
    [InlineData(64, 64, 64, 1, 1)]
    [InlineData(1, 64, 64, 8, 0)]
    [InlineData(0, 0, 0, 0, 0)]
    public async Task Starts_OfOneClaim_FitTheRoomTogether(double cpus, long memory, long disk, double gpus, int expected)
    {
        for (var i = 0; i < 4; i++)
        {
            await CreatedAsync(
                Demanding(spec => spec with { Cpus = 2, MemoryBytes = 2 * Gigabyte, DiskBytes = 7 * Gigabyte, NumGpus = 1 }));
        }

        var claimed = await ClaimAsync(
            await NodeAsync("n1") with { FreeCapacity = new NodeCapacity(cpus, memory * Gigabyte, disk * Gigabyte, gpus) });

        Assert.Equal(expected, claimed.Count);
    }

    [Fact]
    public async Task Starts_ThatDoNotFit_AreLeftToOthersAndKeepNobodyWaiting()
    {
        await CreatedAsync(Demanding(spec => spec with { Cpus = 32 }));
        var small = await CreatedAsync(Demanding(spec => spec with { Cpus = 1 }));

        Assert.Equal(
            small.Id,
            Assert.Single(await ClaimAsync(await NodeAsync("n1") with { FreeCapacity = Plenty with { Cpus = 8 } })).Job.SandboxId);
    }

    [Fact]
    public async Task Draining_TakesNoStartsButWhatItsContainersNeed()
    {
        var running = await RunningOnAsync("n1");
        var stopped = running.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(running, stopped, Given.StopOf(stopped)), CancellationToken));
        await CreatedAsync(Given.Pending());

        Assert.IsType<StopSandboxJob>(Assert.Single(await ClaimAsync(await NodeAsync("n1") with { TakesStarts = false })).Job);
    }

    [Fact]
    public async Task Job_OfAKindThatTheNodeDoesNotRun_IsNotItsToClaim()
    {
        var pod = Given.Pending() with { Spec = Given.Spec with { Deployment = DeploymentKind.Kubernetes } };
        pod = await CreatedAsync(pod);
        var (engine, cluster) =
            (await NodeAsync("n1") with { Deployments = [DeploymentKind.Docker] },
                await NodeAsync("k1") with { Deployments = [DeploymentKind.Kubernetes] });

        Assert.True((await ClaimAsync(engine)).Count == 0, "n1 runs no pods");
        var start = Assert.Single(await ClaimAsync(cluster));

        // No node ever had it, so any node that runs pods may end it.
        Assert.True(await Jobs.TryCompleteAsync(start, CancellationToken));
        var stopped = pod.Apply(SandboxEvent.Stop);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pod, stopped, Given.StopOf(stopped)), CancellationToken));
        Assert.True((await ClaimAsync(engine)).Count == 0, "n1 cannot stop a pod either");
        Assert.IsType<StopSandboxJob>(Assert.Single(await ClaimAsync(cluster)).Job);
    }

    [Fact]
    public async Task Start_ThatDemandsLabels_IsForANodeThatHasThemAll()
    {
        var demanding = await CreatedAsync(Demanding(spec => spec with
        {
            ExtendedParams = new Dictionary<string, string> { ["node_label.zone"] = "a", ["node_label.disk"] = "ssd", ["other"] = "x" },
        }));

        Assert.Empty(await ClaimAsync(await NodeAsync("n1")));
        Assert.Empty(await ClaimAsync(await NodeAsync("n2") with { Labels = Labels(("zone", "a")) }));
        Assert.Empty(await ClaimAsync(await NodeAsync("n3") with { Labels = Labels(("zone", "b"), ("disk", "ssd")) }));
        var claimed = await ClaimAsync(await NodeAsync("n4") with { Labels = Labels(("zone", "a"), ("disk", "ssd"), ("rack", "7")) });

        Assert.Equal(demanding.Id, Assert.Single(claimed).Job.SandboxId);
    }

    [Fact]
    public async Task Start_WhoseImageIsThere_GoesBeforeItsEqualsButNotBeforeOlderOnes()
    {
        var old = await CreatedAsync(Demanding(spec => spec with { Image = "far/away" }));
        Time.Advance(TimeSpan.FromSeconds(5));
        await CreatedAsync(Demanding(spec => spec with { Image = "far/away" }));
        var near = await CreatedAsync(Demanding(spec => spec with { Image = "near" }));
        var claim = (await NodeAsync("n1")) with { Limit = 1, Images = ["near"] };

        Assert.Equal(old.Id, Assert.Single(await ClaimAsync(claim)).Job.SandboxId);
        Assert.Equal(near.Id, Assert.Single(await ClaimAsync(claim)).Job.SandboxId);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Tenants_TakeTurns_HoweverMuchOneOfThemAsksFor(int limit)
    {
        for (var i = 0; i < 30; i++)
        {
            await CreatedAsync(Of("flood"));
        }

        await CreatedAsync(Of("calm"));
        await CreatedAsync(Of("quiet"));
        await CreatedAsync(Of("calm"));
        var claimed = new List<string>();
        while (claimed.Count < 8)
        {
            foreach (var job in await ClaimAsync(await NodeAsync("n1") with { Limit = limit }))
            {
                claimed.Add((await Records.FindAsync(job.Job.SandboxId, CancellationToken))!.Tenant);
                Assert.True(await Jobs.TryCompleteAsync(job, CancellationToken));
            }
        }

        var calm = claimed.Select((tenant, place) => (tenant, place)).Where(served => served.tenant != "flood").ToList();
        Assert.Equal(["calm", "calm", "quiet"], calm.Select(served => served.tenant).Order());
        Assert.True(calm[^1].place < 8, $"all of the calm ones are served within two rounds: {string.Join(' ', claimed)}");
    }

    [Fact]
    public async Task LargeStart_ThatWaitedForLong_GetsTheRoomThatSmallOnesWouldTake()
    {
        var large = await CreatedAsync(Demanding(spec => spec with { Cpus = 6 }));
        var node = await NodeAsync("n1") with { Capacity = Plenty with { Cpus = 8 }, FreeCapacity = Plenty with { Cpus = 4 } };
        await CreatedAsync(Demanding(spec => spec with { Cpus = 1 }));
        Assert.True((await ClaimAsync(node)).Count == 1, "before the limit of age the small one is taken");

        Time.Advance(JobClaim.AgeLimit);
        await CreatedAsync(Demanding(spec => spec with { Cpus = 1 }));
        Assert.True((await ClaimAsync(await AgainAsync(node))).Count == 0, "now the capacity is kept for the large one");

        Assert.Equal(
            large.Id,
            Assert.Single(await ClaimAsync(await AgainAsync(node) with { FreeCapacity = Plenty with { Cpus = 6 } })).Job.SandboxId);
        Assert.Single(await ClaimAsync(await AgainAsync(node) with { FreeCapacity = Plenty with { Cpus = 1 } }));
    }

    [Fact]
    public async Task LargeStart_ThatTheNodeCanNeverTake_KeepsNothingFreeThere()
    {
        await CreatedAsync(Demanding(spec => spec with { Cpus = 60 }));
        Time.Advance(JobClaim.AgeLimit);
        var small = await CreatedAsync(Demanding(spec => spec with { Cpus = 1 }));

        var claimed = await ClaimAsync(
            await NodeAsync("n1") with { Capacity = Plenty with { Cpus = 8 }, FreeCapacity = Plenty with { Cpus = 4 } });

        Assert.Equal(small.Id, Assert.Single(claimed).Job.SandboxId);
    }

    private static SandboxInstance Demanding(Func<SandboxSpec, SandboxSpec> spec) => Given.Pending() with { Spec = spec(Given.Spec) };

    private static SandboxInstance Of(string tenant) => Given.Pending() with { Tenant = tenant };

    private static Dictionary<string, string> Labels(params (string, string)[] labels) =>
        labels.ToDictionary(label => label.Item1, label => label.Item2);

    private Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim claim) => Jobs.ClaimAsync(claim, CancellationToken);

    /// <summary>A node that holds the lease of its name.</summary>
    private async Task<JobClaim> NodeAsync(string node)
    {
        var lease = await Leases.TryAcquireAsync(Lease.OfNode(node), node, TimeSpan.FromSeconds(10), CancellationToken);
        return new JobClaim(node, 10, TimeSpan.FromSeconds(15)) { Fence = lease!.Fence, FreeCapacity = Plenty, Capacity = Plenty };
    }

    /// <summary>The same node after its lease ended.</summary>
    private async Task<JobClaim> AgainAsync(JobClaim node) => node with { Fence = (await NodeAsync(node.Node)).Fence };

    private async Task<SandboxInstance> RunningOnAsync(string node)
    {
        var pending = await CreatedAsync(Given.Pending());
        Assert.True(await Jobs.TryCompleteAsync(Assert.Single(await ClaimAsync()), CancellationToken));
        var running = pending.Apply(SandboxEvent.Alive) with { HostName = node };
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, running, null), CancellationToken));
        return running;
    }
}
