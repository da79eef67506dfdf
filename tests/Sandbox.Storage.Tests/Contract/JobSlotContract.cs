using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>Which jobs a node is given while some of its slots are held: those that have one, however many others wait.</summary>
public abstract class JobSlotContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private const int Slots = 16;
    private const int Share = 12;
    private const int Many = 30;

    [Fact]
    public async Task Stops_BehindManyArchivesThatHaveNoSlot_AreClaimed()
    {
        var running = await RunningAsync([.. Enumerable.Repeat("mallory", Many + 1), "red"]);
        foreach (var record in running.Take(Many))
        {
            var stopped = await TransitionedAsync(record, SandboxEvent.Stop);
            await WriteAsync(stopped, SandboxEvent.Archive, "archive");
        }

        foreach (var record in running.Skip(Many))
        {
            await WriteAsync(record, SandboxEvent.Stop, "stop");
        }

        var claimed = await ClaimAsync(await NodeAsync(limit: 4), (JobClass.Archive, "mallory", Share), (JobClass.Archive, "blue", 4));

        Assert.Equal(running.Skip(Many).Select(record => record.Id), Subjects(claimed));
    }

    [Fact]
    public async Task Stops_OfOneTenantAtItsShare_HideNoneOfOthers()
    {
        var running = await RunningAsync([.. Enumerable.Repeat("mallory", Many), "red"]);
        foreach (var record in running)
        {
            await WriteAsync(record, SandboxEvent.Stop, "stop");
        }

        var claimed = await ClaimAsync(await NodeAsync(limit: 4), (JobClass.Stop, "mallory", Share));

        Assert.Equal([running[^1].Id], Subjects(claimed));
    }

    [Fact]
    public async Task Starts_OfOneTenant_AreClaimedUpToItsShare_AndThenThoseOfOthersOnly()
    {
        for (var number = 0; number < Many; number++)
        {
            await CreatedAsync(Given.Pending() with { Tenant = "mallory" });
        }

        var node = await NodeAsync();
        var held = 0;
        while (await ClaimAsync(node, (JobClass.Start, "mallory", held)) is { Count: > 0 } claimed)
        {
            held += claimed.Count;
        }

        Assert.Equal(Share, held);
        var red = await CreatedAsync(Given.Pending() with { Tenant = "red" });
        var next = Assert.Single(await ClaimAsync(node, (JobClass.Start, "mallory", Share)));
        Assert.Equal((red.Id, "red"), (next.Job.SandboxId, next.Tenant));
    }

    [Fact]
    public async Task Starts_OnANodeWithoutSlotsForThem_AreLeftToOthers()
    {
        var running = Assert.Single(await RunningAsync(["red"]));
        var pending = await CreatedAsync(Given.Pending() with { Tenant = "red" });
        await WriteAsync(running, SandboxEvent.Stop, "stop");

        Assert.Equal([running.Id], Subjects(await ClaimAsync(await NodeAsync(), (JobClass.Start, "mallory", Slots))));
        Assert.Equal([pending.Id], Subjects(await ClaimAsync(await NodeAsync("n2"))));
    }

    [Fact]
    public async Task LargeStart_OfATenantAtItsShare_KeepsNoCapacityForItself()
    {
        await CreatedAsync(Given.Pending() with { Tenant = "mallory", Spec = Given.Spec with { Cpus = 6 } });
        Time.Advance(JobClaim.AgeLimit);
        var small = await CreatedAsync(Given.Pending() with { Tenant = "red", Spec = Given.Spec with { Cpus = 1 } });
        var capacity = new NodeCapacity(8, 1L << 40, 1L << 40, 8);
        var node = await NodeAsync() with { Capacity = capacity, FreeCapacity = capacity with { Cpus = 4 } };
        Assert.True((await ClaimAsync(node)).Count == 0, "as long as the large one can be claimed, its capacity is kept for it");

        Assert.Equal([small.Id], Subjects(await ClaimAsync(node, (JobClass.Start, "mallory", Share))));
    }

    [Theory]
    [InlineData("start", JobClass.Start)]
    [InlineData("restart", JobClass.Start)]
    [InlineData("restore", JobClass.Start)]
    [InlineData("stop", JobClass.Stop)]
    [InlineData("remove", JobClass.Stop)]
    [InlineData("archive", JobClass.Archive)]
    [InlineData("discard", JobClass.Archive)]
    [InlineData("commit", JobClass.Archive)]
    public async Task Job_OfAnyKind_TakesASlotOfItsClass_AlsoOnceItWasADeadLetter(string kind, JobClass of)
    {
        var running = Assert.Single(await RunningAsync(["red"]));
        await WriteAsync(running, SandboxEvent.Stop, kind);
        var node = await NodeAsync();
        (JobClass, string, int)[] itsOwn = [(of, "mallory", Slots)];
        (JobClass, string, int)[] allOthers =
            [.. Enum.GetValues<JobClass>().Where(one => one != of).Select(one => (one, "mallory", Slots))];

        Assert.True((await ClaimAsync(node, itsOwn)).Count == 0, $"no slot of class {of} was free");
        var claimed = Assert.Single(await ClaimAsync(node, allOthers));
        Assert.True(await Jobs.TryDeadLetterAsync(claimed, "given up", CancellationToken));
        Assert.True(await Jobs.TryRedriveAsync(claimed.Id, CancellationToken), "a dead letter was to become a job again");

        Assert.True((await ClaimAsync(node, itsOwn)).Count == 0, $"it was a dead letter, and no slot of class {of} was free");
        Assert.Equal(claimed.Job, Assert.Single(await ClaimAsync(node, allOthers)).Job);
    }

    private static IEnumerable<SandboxId> Subjects(IEnumerable<ClaimedJob> jobs) => jobs.Select(job => job.Job.SandboxId);

    private static SandboxJob JobOf(string kind, SandboxInstance about) => kind switch
    {
        "start" => Given.StartOf(about),
        "stop" => Given.StopOf(about),
        "restart" =>
            new RestartSandboxJob { SandboxId = about.Id, SandboxVersion = about.Version, Incarnation = about.Incarnation },
        "restore" =>
            new RestoreSandboxJob { SandboxId = about.Id, SandboxVersion = about.Version, Incarnation = about.Incarnation },
        "remove" =>
            new RemoveSandboxJob { SandboxId = about.Id, SandboxVersion = about.Version, Incarnation = about.Incarnation },
        "archive" =>
            new ArchiveSandboxJob { SandboxId = about.Id, SandboxVersion = about.Version, Incarnation = about.Incarnation },
        "discard" =>
            new DiscardArchiveJob { SandboxId = about.Id, SandboxVersion = about.Version, Incarnation = about.Incarnation },
        "commit" => new CommitSandboxJob
        {
            SandboxId = about.Id,
            SandboxVersion = about.Version,
            Incarnation = about.Incarnation,
            ImageTag = "made:1",
            StartedAt = Given.Now,
        },
        _ => throw new ArgumentException($"There are no jobs of kind {kind}.", nameof(kind)),
    };

    /// <summary>The event and the job that it causes.</summary>
    private async Task WriteAsync(SandboxInstance from, SandboxEvent happened, string kind)
    {
        var next = from.Apply(happened);
        Assert.True(
            await Records.TryTransitionAsync(new SandboxTransition(from, next, JobOf(kind, next)), CancellationToken),
            $"{happened} was refused");
    }

    /// <summary>A sandbox of each of these tenants on node n1, about which no job waits.</summary>
    private async Task<IReadOnlyList<SandboxInstance>> RunningAsync(IReadOnlyList<string> tenants)
    {
        var pending = new List<SandboxInstance>();
        foreach (var tenant in tenants)
        {
            pending.Add(await CreatedAsync(Given.Pending() with { Tenant = tenant }));
        }

        while (await ClaimAsync(tenants.Count) is { Count: > 0 } starts)
        {
            foreach (var start in starts)
            {
                Assert.True(await Jobs.TryCompleteAsync(start, CancellationToken));
            }
        }

        var running = new List<SandboxInstance>();
        foreach (var record in pending)
        {
            var next = record.Apply(SandboxEvent.Alive) with { HostName = "n1" };
            Assert.True(await Records.TryTransitionAsync(new SandboxTransition(record, next, null), CancellationToken));
            running.Add(next);
        }

        return running;
    }

    /// <summary>A node that holds the lease of its name.</summary>
    private async Task<JobClaim> NodeAsync(string node = "n1", int limit = 3 * Slots)
    {
        var lease = await Leases.TryAcquireAsync(Lease.OfNode(node), node, TimeSpan.FromSeconds(10), CancellationToken);
        return new JobClaim(node, limit, TimeSpan.FromSeconds(15)) { Fence = lease!.Fence };
    }

    /// <summary>A claim of a node whose jobs hold these slots.</summary>
    private Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim node, params (JobClass Class, string Tenant, int Count)[] held)
    {
        var slots = new JobSlots(Slots);
        foreach (var (of, tenant, count) in held)
        {
            for (var number = 0; number < count; number++)
            {
                slots.Take(of, tenant);
            }
        }

        return Jobs.ClaimAsync(node with { Slots = slots }, CancellationToken);
    }
}
