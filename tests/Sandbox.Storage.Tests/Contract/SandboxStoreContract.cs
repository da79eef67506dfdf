using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of records promises.</summary>
public abstract class SandboxStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    [Fact]
    public async Task Find_OfAnIdNeverUsed_IsNull() =>
        Assert.Null(await Records.FindAsync(SandboxId.New(), CancellationToken));

    [Fact]
    public async Task Find_AfterCreate_GivesBackEveryField()
    {
        var first = Full(Given.Pending());

        await CreatedAsync(first);

        AssertSame(first, await FoundAsync(first));
    }

    [Fact]
    public async Task Find_AfterReopening_GivesBackEveryField()
    {
        var record = await CreatedAsync(Full(Given.Pending()));
        record = await TransitionedAsync(record, SandboxEvent.Alive, SandboxEvent.Stop);

        await ReopenAsync();

        AssertSame(record, await FoundAsync(record));
        Assert.Single(await ClaimAsync());
    }

    [Fact]
    public async Task Create_OfAnIdInUse_IsRefusedAndWritesNothing()
    {
        var first = await CreatedAsync(Given.Pending("mine"));

        var second = await CreateAsync(Given.Pending("mine"));

        Assert.False(second.TryGet(out _, out var error));
        Assert.Equal(new SandboxError.IdInUse(first.Id), error);
        Assert.Equal(first.Incarnation, (await FoundAsync(first)).Incarnation);
        Assert.Single(await ClaimAsync());
    }

    [Fact]
    public async Task Create_OfAStoppedId_IsRefused()
    {
        await TransitionedAsync(await CreatedAsync(Given.Pending("mine")), SandboxEvent.Stop);

        Assert.False((await CreateAsync(Given.Pending("mine"))).TryGet(out _, out var error));
        Assert.IsType<SandboxError.IdInUse>(error);
    }

    [Fact]
    public async Task Create_OfADeletedId_IsRefusedFor24HoursThenGoesOnFromItsVersion()
    {
        var deleted = await TransitionedAsync(await CreatedAsync(Given.Pending("mine")), SandboxEvent.Stop, SandboxEvent.Delete);

        Time.SetUtcNow(Given.Now + TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.False((await CreateAsync(Given.Pending("mine"))).TryGet(out _, out var error));
        Assert.IsType<SandboxError.IdInUse>(error);

        Time.Advance(TimeSpan.FromSeconds(1));
        var again = await CreatedAsync(Given.Pending("mine"));

        Assert.Equal(deleted.Version + 1, again.Version);
        Assert.Equal(again.Version, (await FoundAsync(again)).Version);
        Assert.Equal(again.Incarnation, (await FoundAsync(again)).Incarnation);
        Assert.Empty((await FoundAsync(again)).History);
        await CompleteOneAsync();
        Assert.Equal(again.Version, Assert.Single(await ClaimAsync()).Job.SandboxVersion);
    }

    [Fact]
    public async Task Create_OfOneIdByManyAtOnce_SucceedsOnce()
    {
        var tries = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => CreateAsync(Given.Pending("mine")))));

        Assert.Single(tries, created => created.TryGet(out _, out _));
        Assert.Single(await ClaimAsync(limit: 50));
    }

    [Fact]
    public async Task Move_WhenAnotherMovedFirst_ChangesNothing()
    {
        var read = await CreatedAsync(Given.Pending());
        var stopped = read.Apply(SandboxEvent.Stop);
        var running = read.Apply(SandboxEvent.Alive);

        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(read, stopped, Given.StopOf(stopped)), CancellationToken));
        Assert.False(await Records.TryTransitionAsync(new SandboxTransition(read, running, Given.StopOf(running)), CancellationToken));

        Assert.Equal(SandboxState.Stopped, (await FoundAsync(read)).State);
        await CompleteOneAsync();
        Assert.Equal(stopped.Version, Assert.Single(await ClaimAsync()).Job.SandboxVersion);
    }

    [Fact]
    public async Task Move_OfAStaleVersion_WhoseStateIsTheSameAgain_ChangesNothing()
    {
        var pending = await CreatedAsync(Given.Pending());
        var stopped = await TransitionedAsync(pending, SandboxEvent.Stop);
        var pendingAgain = await TransitionedAsync(stopped, SandboxEvent.Restart);
        var (alive, restarted) = (pending.Apply(SandboxEvent.Alive), stopped.Apply(SandboxEvent.Restart));

        Assert.False(
            await Records.TryTransitionAsync(new SandboxTransition(pending, alive, Given.StopOf(alive)), CancellationToken),
            "it is pending again, but another pending than the one that was read");
        Assert.Equal(
            (SandboxState.Pending, pendingAgain.Version), ((await FoundAsync(pending)).State, (await FoundAsync(pending)).Version));

        var stoppedAgain = await TransitionedAsync(pendingAgain, SandboxEvent.Stop);
        Assert.False(
            await Records.TryTransitionAsync(new SandboxTransition(stopped, restarted, Given.StartOf(restarted)), CancellationToken),
            "it is stopped again, but another stop than the one that was read");
        Assert.Equal(
            (SandboxState.Stopped, stoppedAgain.Version), ((await FoundAsync(pending)).State, (await FoundAsync(pending)).Version));

        await CompleteOneAsync();
        Assert.True((await ClaimAsync()).Count == 0, "a transition that was refused must not leave a job behind");
    }

    [Fact]
    public async Task Move_ByManyAtOnce_SucceedsOnceWithOneJob()
    {
        var read = await CreatedAsync(Given.Pending());
        await CompleteOneAsync();
        var next = read.Apply(SandboxEvent.Stop);

        var moved = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            Task.Run(() => Records.TryTransitionAsync(new SandboxTransition(read, next, Given.StopOf(next)), CancellationToken))));

        Assert.Single(moved, won => won);
        Assert.True((await ClaimAsync()).Count == 1, "the losers must not leave a job behind");
        Assert.Single((await FoundAsync(read)).History);
    }

    [Fact]
    public async Task Move_OfAnUnknownSandbox_IsRefused()
    {
        var unknown = Given.Pending();

        Assert.False(
            await Records.TryTransitionAsync(new SandboxTransition(unknown, unknown.Apply(SandboxEvent.Alive), null), CancellationToken));
        Assert.Null(await Records.FindAsync(unknown.Id, CancellationToken));
    }

    [Fact]
    public async Task Move_ByTwoVersions_WritesBothChangesOfTheHistory()
    {
        var running = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        var deleted = running.Apply(SandboxEvent.Stop).Apply(SandboxEvent.Delete);

        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(running, deleted, null), CancellationToken));

        var found = await FoundAsync(running);
        Assert.Equal(running.Version + 2, found.Version);
        Assert.Equal([SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Delete], found.History.Select(change => change.On));
    }

    [Fact]
    public async Task Move_BeyondTheLimitOfTheHistory_KeepsTheLastHundred()
    {
        var record = await CreatedAsync(Given.Pending());
        for (var i = 0; i < 36; i++)
        {
            record = await TransitionedAsync(record, SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Restart);
        }

        var found = await FoundAsync(record);

        Assert.Equal(SandboxInstance.HistoryLimit, found.History.Count);
        Assert.Equal(record.History, found.History);
    }

    [Fact]
    public async Task ReplaceEgress_IsFound_AndSurvivesWritersThatReadTheRecordBefore()
    {
        var read = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        var lists = new EgressPolicy { Allow = ["10.0.0.0/8", "pypi.org"], Deny = ["10.1.0.0/16"], Revision = 1 };

        Assert.True(await Records.TryReplaceEgressAsync(With(read, lists), CancellationToken));
        Assert.True(await Records.TryUpdateFactsAsync(read with { HostIp = "10.0.0.7" }, CancellationToken));
        Assert.True(await Records.TryTransitionAsync(
            new SandboxTransition(read, read.Apply(SandboxEvent.Stop), null), CancellationToken));

        var found = (await FoundAsync(read)).Spec;
        Assert.Equal(lists.Allow, found.Egress!.Allow);
        Assert.Equal(lists.Deny, found.Egress.Deny);
        Assert.Equal((1, read.Spec.Image), (found.Egress.Revision, found.Image));
    }

    [Fact]
    public async Task ReplaceEgress_ByTwoAtOnce_IsTheOneOrTheOther()
    {
        var read = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        var (one, other) = (new EgressPolicy { Allow = [], Revision = 1 }, new EgressPolicy { Allow = ["10.0.0.0/8"], Revision = 1 });

        Assert.True(await Records.TryReplaceEgressAsync(With(read, one), CancellationToken));
        Assert.False(
            await Records.TryReplaceEgressAsync(With(read, other), CancellationToken), "it was decided on what is not there any more");
        Assert.True(await Records.TryReplaceEgressAsync(With(read, other with { Revision = 2 }), CancellationToken));

        Assert.Equal(2, (await FoundAsync(read)).Spec.Egress!.Revision);
    }

    [Fact]
    public async Task ReplaceEgress_OfWhatHasMoved_ChangesNothing()
    {
        var read = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        await TransitionedAsync(read, SandboxEvent.Stop);

        Assert.False(await Records.TryReplaceEgressAsync(With(read, new EgressPolicy { Revision = 1 }), CancellationToken));

        Assert.Null((await FoundAsync(read)).Spec.Egress);
    }

    private static SandboxInstance With(SandboxInstance record, EgressPolicy lists) =>
        record with { Spec = record.Spec with { Egress = lists } };

    [Fact]
    public async Task Move_OfARecordAmendedSinceItWasRead_KeepsTheAmendedFacts()
    {
        var read = await CreatedAsync(Given.Pending());
        var pulled = read.Phases.Replace(read.Phases[0], read.Phases[0] with { Status = PhaseStatus.Success });
        Assert.True(
            await Records.TryUpdateFactsAsync(read with { HostIp = "10.0.0.7", HostName = "n7", Phases = pulled }, CancellationToken));

        var next = read.Apply(SandboxEvent.Stop) with { Reason = "asked" };
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(read, next, null), CancellationToken));

        var found = await FoundAsync(read);
        Assert.Equal(("10.0.0.7", "n7", "asked"), (found.HostIp, found.HostName, found.Reason));
        Assert.Equal(PhaseStatus.Success, found.Phases[0].Status);
    }

    [Fact]
    public async Task Move_ThatChangesAFact_WinsOverAnAmendmentOfIt()
    {
        var read = await CreatedAsync(Given.Pending());
        Assert.True(await Records.TryUpdateFactsAsync(read with { HostIp = "10.0.0.7" }, CancellationToken));

        Assert.True(
            await Records.TryTransitionAsync(
                new SandboxTransition(read, read.Apply(SandboxEvent.Alive) with { HostIp = "10.0.0.8" }, null), CancellationToken));

        Assert.Equal("10.0.0.8", (await FoundAsync(read)).HostIp);
    }

    [Fact]
    public async Task Move_ToANewIncarnation_IsFoundWithIt()
    {
        var archive = new ArchiveFacts(IncarnationId.New(), "archives/box.tar.gz", "sha256:12", 5, "sha256:34");
        var archived = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Stop, SandboxEvent.Archive);
        var done = archived.Apply(SandboxEvent.ArchiveDone) with { Archive = archive };
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(archived, done, null), CancellationToken));
        var restoring = done.Apply(SandboxEvent.Restore) with { Incarnation = IncarnationId.New() };

        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(done, restoring, null), CancellationToken));

        var found = await FoundAsync(done);
        Assert.Equal((restoring.Incarnation, archive), (found.Incarnation, found.Archive));
        Assert.NotEqual(done.Incarnation, found.Incarnation);
    }

    [Fact]
    public async Task Amend_OfTheCurrentVersion_WritesFactsAndKeepsTheVersion()
    {
        var running = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        var later = running with { IdleDeadline = Given.Now.AddHours(2), EffectiveDiskBytes = 5, EffectiveLogBytes = 4 };

        Assert.True(await Records.TryUpdateFactsAsync(later, CancellationToken));

        var found = await FoundAsync(running);
        Assert.Equal(
            (later.IdleDeadline, 5L, 4L, running.Version),
            (found.IdleDeadline, found.EffectiveDiskBytes, found.EffectiveLogBytes, found.Version));
    }

    [Fact]
    public async Task Move_OfOneWhoseLimitsWereAmendedMeanwhile_KeepsThem()
    {
        var pending = await CreatedAsync(Given.Pending());
        var limited = pending with { EffectiveDiskBytes = 5, EffectiveLogBytes = 4, EffectiveNetwork = "isolated" };
        Assert.True(await Records.TryUpdateFactsAsync(limited, CancellationToken));

        await MoveWithAsync(pending, SandboxEvent.Alive, next => next);

        var found = await FoundAsync(pending);
        Assert.Equal(
            (SandboxState.Running, 5L, 4L, "isolated"),
            (found.State, found.EffectiveDiskBytes, found.EffectiveLogBytes, found.EffectiveNetwork));
    }

    [Fact]
    public async Task Move_ThatTellsTheLimits_WritesThem()
    {
        var pending = await CreatedAsync(Given.Pending() with { EffectiveLogBytes = 4 });

        await MoveWithAsync(pending, SandboxEvent.Alive, next => next with { EffectiveDiskBytes = 5, EffectiveLogBytes = null });

        var found = await FoundAsync(pending);
        Assert.Equal((5L, null), (found.EffectiveDiskBytes, found.EffectiveLogBytes));
    }

    [Fact]
    public async Task Amend_OfAStaleVersion_ChangesNothing()
    {
        var pending = await CreatedAsync(Given.Pending());
        var running = await TransitionedAsync(pending, SandboxEvent.Alive);

        Assert.False(await Records.TryUpdateFactsAsync(pending with { HostIp = "10.0.0.9" }, CancellationToken));
        Assert.False(await Records.TryUpdateFactsAsync(running with { State = SandboxState.Stopped }, CancellationToken));

        Assert.Equal((null, SandboxState.Running), ((await FoundAsync(pending)).HostIp, (await FoundAsync(pending)).State));
    }

    [Fact]
    public async Task Amend_OfAStaleVersion_WhoseStateIsTheSameAgain_ChangesNothing()
    {
        var pending = await CreatedAsync(Given.Pending());
        await TransitionedAsync(pending, SandboxEvent.Stop, SandboxEvent.Restart);

        Assert.False(await Records.TryUpdateFactsAsync(pending with { HostIp = "10.0.0.9" }, CancellationToken));

        Assert.Null((await FoundAsync(pending)).HostIp);
    }

    [Fact]
    public async Task Due_OfDeadlinesOfEveryKind_ComesMostOverdueFirst()
    {
        var pending = await CreatedAsync(Given.Pending() with { TransientDeadline = Given.Now.AddSeconds(30) });
        var running = await CreatedAsync(Given.Pending());
        await MoveWithAsync(running, SandboxEvent.Alive, next => next with { IdleDeadline = Given.Now.AddSeconds(10) });
        var stopped = await CreatedAsync(Given.Pending());
        await MoveWithAsync(stopped, SandboxEvent.Stop, next => next with
        {
            AutoTransitionState = SandboxState.Deleted,
            AutoTransitionAt = Given.Now.AddSeconds(20),
        });
        var resting = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Stop);

        Assert.Empty(await Records.DueAsync(Given.Now.AddSeconds(9), 10, CancellationToken));
        var due = await Records.DueAsync(Given.Now.AddSeconds(30), 10, CancellationToken);

        Assert.Equal([running.Id, stopped.Id, pending.Id], due.Select(record => record.Id));
        Assert.DoesNotContain(due, record => record.Id == resting.Id);
        Assert.Equal(running.Id, Assert.Single(await Records.DueAsync(Given.Now.AddSeconds(30), 1, CancellationToken)).Id);
    }

    [Fact]
    public async Task Due_AfterAnAmendedIdleDeadline_CountsTheNewOne()
    {
        var running = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        Assert.True(await Records.TryUpdateFactsAsync(running with { IdleDeadline = Given.Now.AddHours(3) }, CancellationToken));

        Assert.Empty(await Records.DueAsync(Given.Now.AddHours(2), 10, CancellationToken));
        Assert.Single(await Records.DueAsync(Given.Now.AddHours(3), 10, CancellationToken));
    }

    [Fact]
    public async Task Due_AfterReopening_IsAsItWasStored()
    {
        var running = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);
        var stopped = await CreatedAsync(Given.Pending());
        await MoveWithAsync(stopped, SandboxEvent.Stop, next => next with
        {
            AutoTransitionState = SandboxState.Deleted,
            AutoTransitionAt = Given.Now.AddHours(1),
        });

        await ReopenAsync();

        Assert.Equal([running.Id], (await Records.DueAsync(Given.Now.AddMinutes(30), 10, CancellationToken)).Select(record => record.Id));
        Assert.Equal(
            [running.Id, stopped.Id], (await Records.DueAsync(Given.Now.AddHours(1), 10, CancellationToken)).Select(record => record.Id));
    }

    [Fact]
    public async Task Purge_ForgetsTombstonesOlderThan30Days_InBatches()
    {
        foreach (var id in new[] { "one", "two", "three" })
        {
            await TransitionedAsync(await CreatedAsync(Given.Pending(id)), SandboxEvent.Stop, SandboxEvent.Delete);
        }

        var resting = await TransitionedAsync(await CreatedAsync(Given.Pending("resting")), SandboxEvent.Stop);
        Time.SetUtcNow(Given.Now + TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await Records.PurgeAsync(10, CancellationToken));

        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, await Records.PurgeAsync(2, CancellationToken));
        Assert.Equal(1, await Records.PurgeAsync(2, CancellationToken));
        Assert.Equal(0, await Records.PurgeAsync(2, CancellationToken));

        Assert.Null(await Records.FindAsync(Given.Pending("one").Id, CancellationToken));
        Assert.NotNull(await Records.FindAsync(resting.Id, CancellationToken));
        Assert.Equal(1, (await CreatedAsync(Given.Pending("two"))).Version);
    }

    /// <summary>What callers choose freely must not add up in the store.</summary>
    [Fact]
    public async Task Purge_ForgetsTheTotalsOfNamesThatNothingHasAnyMore()
    {
        for (var i = 0; i < 3; i++)
        {
            var named = Given.Pending() with { Owner = new SandboxOwner($"user-{i}", $"experiment-{i}", $"space-{i}") };
            await TransitionedAsync(await CreatedAsync(named), SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Delete);
        }

        var running = await TransitionedAsync(await CreatedAsync(Given.Pending()), SandboxEvent.Alive);

        await Records.PurgeAsync(10, CancellationToken);

        Assert.Equal(1, (await AllAsync()).Total);
        Assert.True(await CountAsync("totals") == 1, "only the kind of the one that runs was to be kept");
        await TransitionedAsync(running, SandboxEvent.Stop, SandboxEvent.Restart);
        Assert.Equal(1, (await AllAsync()).Total);
    }

    [Fact]
    public async Task Purge_WhileOthersWrite_LeavesTheTotalsRight()
    {
        var kept = await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 8; i++)
            {
                var record = await CreatedAsync(Given.Pending() with { Owner = new SandboxOwner($"user-{(writer + i) % 3}") });
                await TransitionedAsync(record, SandboxEvent.Alive, SandboxEvent.Stop, SandboxEvent.Delete);
                await Records.PurgeAsync(10, CancellationToken);
            }

            return await CreatedAsync(Given.Pending() with { Owner = new SandboxOwner($"user-{writer}") });
        })));

        Assert.Equal(kept.Length, (await AllAsync()).Total);
        await Records.PurgeAsync(10, CancellationToken);
        Assert.Equal(kept.Length, (await AllAsync()).Total);
    }

    /// <summary>A tombstone is kept for long: what it holds is what its status shows.</summary>
    [Fact]
    public async Task Delete_DropsWhatNoStatusShows_AlsoOfASnapshot()
    {
        var full = Full(Given.Pending()) with { Spec = Full(Given.Pending()).Spec with { Env = Secret, ExtendedParams = Secret } };
        var running = await TransitionedAsync(await CreatedAsync(full), SandboxEvent.Alive);
        await MoveWithAsync(running, SandboxEvent.Stop, next => next with { LiveSnapshot = """{"env":{"KEY":"hunter2"}}""" });
        var stopped = await FoundAsync(running);

        await MoveWithAsync(stopped, SandboxEvent.Delete, next => next);
        await ReopenAsync();

        var tombstone = await FoundAsync(running);
        Assert.Equal(SandboxState.Deleted, tombstone.State);
        Assert.DoesNotContain("hunter2", Text(tombstone), StringComparison.Ordinal);
        var (before, after) = (stopped.Spec, tombstone.Spec);
        Assert.Equal(
            (before.Image, before.Cpus, before.LimitCpus, before.MemoryBytes, before.DiskBytes, before.AutoDelete, before.Deployment),
            (after.Image, after.Cpus, after.LimitCpus, after.MemoryBytes, after.DiskBytes, after.AutoDelete, after.Deployment));
        Assert.Equal("v", after.Metadata["k"]);
    }

    [Fact]
    public async Task Move_UnderAClaimThatIsVoid_IsRefused()
    {
        var pending = await CreatedAsync(Given.Pending());
        var voided = Assert.Single(await ClaimAsync(1));
        await Jobs.ReleaseAllOfAsync("n1", CancellationToken);
        var stop = new SandboxTransition(pending, pending.Apply(SandboxEvent.Stop), null);
        Assert.False(await Records.TryTransitionAsync(stop with { Claim = voided }, CancellationToken), "no node holds the job");
        var held = Assert.Single(await ClaimAsync(1));
        Assert.False(await Records.TryTransitionAsync(stop with { Claim = voided }, CancellationToken), "a later attempt holds the job");

        Assert.True(
            await Records.TryTransitionAsync(stop with { Claim = held }, CancellationToken), "the attempt that holds the job may write");
    }

    [Fact]
    public async Task Write_AboutALifeWhoseTombstoneIsForgotten_DoesNotReachTheNextLifeOfItsId()
    {
        var first = await CreatedAsync(Given.Pending("again"));
        await CompleteOneAsync();
        await TransitionedAsync(first, SandboxEvent.Stop, SandboxEvent.Delete);
        Time.Advance(ISandboxStore.TombstoneKept);
        Assert.Equal(1, await Records.PurgeAsync(10, CancellationToken));
        var second = await CreatedAsync(Given.Pending("again"));
        Assert.Equal(first.Version, second.Version);

        Assert.False(
            await Records.TryTransitionAsync(new SandboxTransition(first, first.Apply(SandboxEvent.Stop), null), CancellationToken),
            "a transition read the first life");
        Assert.False(
            await Records.TryUpdateFactsAsync(first with { HostName = "n1" }, CancellationToken), "an update of facts read the first life");

        var found = await FoundAsync(second);
        Assert.Equal((SandboxState.Pending, second.Incarnation, null), (found.State, found.Incarnation, found.HostName));
    }

    private static Dictionary<string, string> Secret => new() { ["KEY"] = "hunter2" };

    private Task<SandboxPage> AllAsync() =>
        Records.ListAsync(new SandboxQuery([], new Dictionary<string, string>()), CancellationToken);

    private async Task CompleteOneAsync() =>
        Assert.True(await Jobs.TryCompleteAsync(Assert.Single(await ClaimAsync(1)), CancellationToken));

    private async Task MoveWithAsync(SandboxInstance from, SandboxEvent happened, Func<SandboxInstance, SandboxInstance> with) =>
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(from, with(from.Apply(happened)), null), CancellationToken));

    private static SandboxInstance Full(SandboxInstance record) => record with
    {
        Tenant = "t",
        Owner = new SandboxOwner("u", "e", "n", "c"),
        HostName = "node-1",
        HostIp = "10.0.0.1",
        EffectiveDiskBytes = 7,
        EffectiveLogBytes = 6,
        EffectiveNetwork = "isolated",
        Reason = "because",
        LiveSnapshot = """{"image":"busybox"}""",
        Archive = new ArchiveFacts(IncarnationId.New(), "archives/box.tar.gz", "sha256:12", 5, "sha256:34") { UnpackedBytes = 9 },
        Phases = [new SandboxPhase(SandboxPhase.ImagePull, PhaseStatus.Running, "50 %", Given.Now, null)],
        Spec = record.Spec with
        {
            Pull = PullPolicy.Always,
            Network = NetworkMode.None,
            LimitCpus = 3,
            DiskBytes = 50L << 30,
            AutoDelete = TimeSpan.FromHours(1),
            DockerArgs = ["--shm-size=64m"],
            Metadata = new Dictionary<string, string> { ["k"] = "v" },
            Remote = new RemoteAgent("http://127.0.0.1", 9, TimeSpan.FromMilliseconds(150)),
        },
    };

    // Records hold lists and maps, which compare by reference: what is stored is compared as text.
    private static void AssertSame(SandboxInstance expected, SandboxInstance actual) =>
        Assert.Equal(Text(expected), Text(actual));

    private static string Text(SandboxInstance record) => System.Text.Json.JsonSerializer.Serialize(record);
}
