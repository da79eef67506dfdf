using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of records promises about quotas: they are counted in the truth, in the transaction that writes.</summary>
public abstract class QuotaContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    [Fact]
    public async Task Sandboxes_UpToTheQuota_AndThenNoMoreUntilOneStops()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 2));
        var one = await MadeAsync();
        await MadeAsync();

        await RefusedAsync(new SandboxError.QuotaExceeded("sandboxes", "2", null));
        await TransitionedAsync(one, SandboxEvent.Alive);
        await RefusedAsync(new SandboxError.QuotaExceeded("sandboxes", "2", null));
        await TransitionedAsync(await FoundAsync(one), SandboxEvent.Stop);
        await MadeAsync();
    }

    [Fact]
    public async Task Cpus_AreAddedUp()
    {
        await QuotaAsync(new TenantQuota(Cpus: 0.3));
        await MadeAsync(cpus: 0.1);
        await MadeAsync(cpus: 0.1);
        await MadeAsync(cpus: 0.1);

        await RefusedAsync(new SandboxError.QuotaExceeded("cpus", "0.3", null), cpus: 0.1);
    }

    /// <summary>A guaranteed hundredth of a CPU with a limit of sixteen takes sixteen.</summary>
    [Fact]
    public async Task LimitCpus_CountInThePlaceOfCpus()
    {
        await QuotaAsync(new TenantQuota(Cpus: 4));
        await CreatedAsync(With(spec => spec with { Cpus = 0.01, LimitCpus = 3 }));

        await RefusedAsync(
            new SandboxError.QuotaExceeded("cpus", "4", null), With(spec => spec with { Cpus = 0.01, LimitCpus = 1.5 }));
        Assert.Equal(3, (await UseAsync()).Cpus);
        await MadeAsync(cpus: 1);
    }

    [Fact]
    public async Task Gpus_AreAddedUp_EachPartAsAWholeOne()
    {
        await QuotaAsync(new TenantQuota(Gpus: 2));
        await MadeAsync();
        await CreatedAsync(With(spec => spec with { NumGpus = 0.5 }));

        await RefusedAsync(new SandboxError.QuotaExceeded("gpus", "2", null), With(spec => spec with { NumGpus = 1.1 }));
        await RefusedAsync(new SandboxError.QuotaExceeded("gpus", "2", null), With(spec => spec with { NumGpus = double.MaxValue }));
        await CreatedAsync(With(spec => spec with { NumGpus = 1 }));
        Assert.Equal(2, (await UseAsync()).Gpus);
    }

    [Fact]
    public async Task TotalSandboxes_CountWhatRestsToo_AndRefuseCreatesOnly()
    {
        await QuotaAsync(new TenantQuota(TotalSandboxes: 2));
        var stopped = await TransitionedAsync(await MadeAsync(), SandboxEvent.Stop);
        var archiving = await TransitionedAsync(await MadeAsync(), SandboxEvent.Stop, SandboxEvent.Archive);

        await RefusedAsync(new SandboxError.QuotaExceeded("total sandboxes", "2", null));
        await TransitionedAsync(archiving, SandboxEvent.ArchiveDone);
        await RefusedAsync(new SandboxError.QuotaExceeded("total sandboxes", "2", null));
        var pending = await TransitionedAsync(stopped, SandboxEvent.Restart);
        Assert.Equal((1, 2), ((await UseAsync()).Sandboxes, (await UseAsync()).TotalSandboxes));

        await TransitionedAsync(pending, SandboxEvent.Stop, SandboxEvent.Delete);
        await MadeAsync();
    }

    [Fact]
    public async Task Disk_OfWhatRestsCounts_AndOfAnArchiveWhatIsStored()
    {
        const long Gigabyte = 1L << 30;
        await QuotaAsync(new TenantQuota(DiskBytes: 10 * Gigabyte));
        var six = await TransitionedAsync(await CreatedAsync(Sized(6 * Gigabyte)), SandboxEvent.Stop);

        var full = new SandboxError.QuotaExceeded("disk", $"{10 * Gigabyte} bytes", null);
        await RefusedAsync(full, Sized(5 * Gigabyte));
        var running = await TransitionedAsync(six, SandboxEvent.Restart, SandboxEvent.Alive);
        await RefusedAsync(full, Sized(5 * Gigabyte));
        Assert.Equal(6 * Gigabyte, (await UseAsync()).DiskBytes);

        var archived = await ArchivedAsync(await TransitionedAsync(running, SandboxEvent.Stop), bytes: Gigabyte);
        Assert.Equal(Gigabyte, (await UseAsync()).DiskBytes);
        await CreatedAsync(Sized(5 * Gigabyte));

        Assert.Equal(full, await Tenants.CheckAsync(archived, CancellationToken));
        Assert.False(
            await Records.TryTransitionAsync(
                new SandboxTransition(archived, archived.Apply(SandboxEvent.Restore), null), CancellationToken),
            "a restore needs the whole limit again");
        await QuotaAsync(new TenantQuota(DiskBytes: 11 * Gigabyte));
        Assert.Null(await Tenants.CheckAsync(archived, CancellationToken));
        await TransitionedAsync(archived, SandboxEvent.Restore);
    }

    [Fact]
    public async Task Disk_OfASandboxWithoutALimit_IsRefusedWhereThereIsAQuotaOfIt()
    {
        await QuotaAsync(new TenantQuota(DiskBytes: 1));

        await RefusedAsync(new SandboxError.QuotaExceeded("disk", "1 bytes, and the sandbox has no disk limit", null));
    }

    /// <summary>As one that was written before there were these columns.</summary>
    [Fact]
    public async Task Records_OfAnEarlierProgram_CountByTheirCpus()
    {
        await QuotaAsync(new TenantQuota(Cpus: 3, Gpus: 0));
        await MadeAsync(cpus: 2);
        await ExecuteAsync("UPDATE sandboxes SET limit_cpus = NULL, gpus = NULL");

        await RefusedAsync(new SandboxError.QuotaExceeded("cpus", "3", null), cpus: 2);
        await MadeAsync(cpus: 1);
    }

    [Fact]
    public async Task Quota_ThatIsTakenAway_BoundsNothingMore()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 1));
        await MadeAsync();
        await RefusedAsync(new SandboxError.QuotaExceeded("sandboxes", "1", null));

        await QuotaAsync(TenantQuota.None);
        await MadeAsync();
        await MadeAsync();
        await QuotaAsync(new TenantQuota(Sandboxes: 4));
        await MadeAsync();
        await RefusedAsync(new SandboxError.QuotaExceeded("sandboxes", "4", null));
    }

    [Fact]
    public async Task Memory_IsAddedUp()
    {
        await QuotaAsync(new TenantQuota(MemoryBytes: 3L << 30));
        await MadeAsync();
        await MadeAsync();

        await RefusedAsync(new SandboxError.QuotaExceeded("memory", $"{3L << 30} bytes", null), memory: (1L << 30) + 1);
        await MadeAsync();
    }

    [Fact]
    public async Task CreatesPerMinute_CountAcceptedOnes_AndSayWhenTheMinuteEnds()
    {
        await QuotaAsync(new TenantQuota(CreatesPerMinute: 2));
        var one = await MadeAsync();
        Assert.False((await CreateAsync(one)).TryGet(out _, out var inUse));
        Assert.IsType<SandboxError.IdInUse>(inUse);
        await MadeAsync();

        // The test's clock begins one second after a full minute.
        await RefusedAsync(new SandboxError.QuotaExceeded("creates per minute", "2", TimeSpan.FromSeconds(59)));
        Time.Advance(TimeSpan.FromSeconds(58));
        await RefusedAsync(new SandboxError.QuotaExceeded("creates per minute", "2", TimeSpan.FromSeconds(1)));
        Time.Advance(TimeSpan.FromSeconds(1));
        await MadeAsync();
        await MadeAsync();
        await RefusedAsync(new SandboxError.QuotaExceeded("creates per minute", "2", TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public async Task Zero_IsAQuotaToo()
    {
        await QuotaAsync(new TenantQuota(CreatesPerMinute: 0));
        await RefusedAsync(new SandboxError.QuotaExceeded("creates per minute", "0", TimeSpan.FromSeconds(59)));
        await QuotaAsync(new TenantQuota(Sandboxes: 0));
        await RefusedAsync(new SandboxError.QuotaExceeded("sandboxes", "0", null));
    }

    [Fact]
    public async Task Refusal_WritesNothing()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 0));
        var refused = Of("acme", 1, 1);

        Assert.False((await CreateAsync(refused)).TryGet(out _, out _));

        Assert.Null(await Records.FindAsync(refused.Id, CancellationToken));
        Assert.Empty(await ClaimAsync());
    }

    [Fact]
    public async Task IdInUse_IsSaidEvenWhenTheQuotaIsReached()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 1));
        var one = await MadeAsync();

        Assert.False((await CreateAsync(one)).TryGet(out _, out var error));
        Assert.IsType<SandboxError.IdInUse>(error);
    }

    [Fact]
    public async Task OtherTenants_AreNotCounted()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 1));
        await CreatedAsync(Of("other", 1, 1));
        await CreatedAsync(Of(Tenant.Default, 1, 1));

        await MadeAsync();
    }

    [Fact]
    public async Task Restart_OverTheQuota_IsRefusedAndChangesNothing()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 1));
        var stopped = await TransitionedAsync(await MadeAsync(), SandboxEvent.Stop);
        var blocking = await MadeAsync();
        var transition = new SandboxTransition(stopped, stopped.Apply(SandboxEvent.Restart), Given.StartOf(stopped));

        Assert.Equal(new SandboxError.QuotaExceeded("sandboxes", "1", null), await Tenants.CheckAsync(stopped, CancellationToken));
        Assert.False(await Records.TryTransitionAsync(transition, CancellationToken), "the quota is reached");
        Assert.Equal(SandboxState.Stopped, (await FoundAsync(stopped)).State);

        await TransitionedAsync(blocking, SandboxEvent.Stop);
        Assert.Null(await Tenants.CheckAsync(stopped, CancellationToken));
        Assert.True(await Records.TryTransitionAsync(transition, CancellationToken), "the quota allows it again");
    }

    [Fact]
    public async Task CreatesAndRestarts_OfManyAtOnce_NeverExceedTheQuota()
    {
        const int Quota = 5;
        var stopped = new List<SandboxInstance>();
        for (var i = 0; i < 8; i++)
        {
            stopped.Add(await TransitionedAsync(await MadeAsync(), SandboxEvent.Stop));
        }

        await QuotaAsync(new TenantQuota(Sandboxes: Quota, Cpus: Quota, MemoryBytes: (long)Quota << 30, CreatesPerMinute: 1000));
        var creates = Enumerable.Range(0, 24)
            .Select(_ => Task.Run(async () => (await CreateAsync(Of("acme", 1, 1L << 30))).TryGet(out var _, out var _)));
        var restarts = stopped.Select(record => Task.Run(
            () => Records.TryTransitionAsync(new SandboxTransition(record, record.Apply(SandboxEvent.Restart), null), CancellationToken)));

        var accepted = (await Task.WhenAll(creates.Concat(restarts))).Count(won => won);

        Assert.Equal(Quota, accepted);
        Assert.Equal(Quota, (await UseAsync()).Sandboxes);
    }

    [Fact]
    public async Task Creates_OfManyAtOnce_NeverExceedThoseOfAMinute()
    {
        await QuotaAsync(new TenantQuota(CreatesPerMinute: 7));

        var tries = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Task.Run(() => CreateAsync(Of("acme", 1, 1)))));

        Assert.Equal(7, tries.Count(made => made.TryGet(out _, out _)));
    }

    [Fact]
    public async Task Use_AfterARandomWalk_IsWhatTheRecordsSay()
    {
        await QuotaAsync(new TenantQuota(Sandboxes: 6, Cpus: 8, MemoryBytes: 9L << 30));
        var random = new Random(20260504);
        var records = new List<SandboxInstance>();
        for (var step = 0; step < 300; step++)
        {
            if (records.Count < 12 && random.Next(3) == 0
                && (await CreateAsync(Of("acme", random.Next(1, 4), random.Next(1, 4) * (1L << 30)))).TryGet(out var made, out _))
            {
                records.Add(made);
            }
            else if (records.Count > 0)
            {
                await StepAsync(records, random);
            }

            var live = records.Where(record => record.State is SandboxState.Pending or SandboxState.Running).ToList();
            var use = await UseAsync();
            Assert.Equal(
                (live.Count, live.Sum(record => record.Spec.Cpus), live.Sum(record => record.Spec.MemoryBytes)),
                (use.Sandboxes, use.Cpus, use.MemoryBytes));
            Assert.True(
                use is { Sandboxes: <= 6, Cpus: <= 8, MemoryBytes: <= 9L << 30 },
                $"the quota is never exceeded, but after step {step} it is: {use}");
        }

        Assert.True(records.Count(record => record.Version > 3) > 3, "the walk went through restarts");
    }

    private async Task StepAsync(List<SandboxInstance> records, Random random)
    {
        var at = random.Next(records.Count);
        var legal = SandboxLifecycle.Rows().Where(row => row.From == records[at].State && row.To != row.From).ToList();
        if (legal.Count == 0)
        {
            records.RemoveAt(at);
            return;
        }

        var next = records[at].Apply(legal[random.Next(legal.Count)].On);
        if (await Records.TryTransitionAsync(new SandboxTransition(records[at], next, null), CancellationToken))
        {
            records[at] = next;
        }
        else
        {
            Assert.True(next.State is SandboxState.Pending, $"only what comes to live can be refused here, not {next.State}");
        }
    }

    private static SandboxInstance Of(string tenant, double cpus, long memory) =>
        Given.Pending() with { Tenant = tenant, Spec = Given.Spec with { Cpus = cpus, MemoryBytes = memory } };

    private Task QuotaAsync(TenantQuota quota) => Tenants.PutAsync(new Tenant("acme", quota), CancellationToken);

    private Task<SandboxInstance> MadeAsync(double cpus = 1, long memory = 1L << 30) => CreatedAsync(Of("acme", cpus, memory));

    private static SandboxInstance With(Func<SandboxSpec, SandboxSpec> change) =>
        Given.Pending() with { Tenant = "acme", Spec = change(Given.Spec with { Cpus = 1 }) };

    private static SandboxInstance Sized(long disk) => With(spec => spec with { DiskBytes = disk });

    private async Task<SandboxInstance> ArchivedAsync(SandboxInstance stopped, long bytes)
    {
        var archiving = await TransitionedAsync(stopped, SandboxEvent.Archive);
        var archive = new ArchiveFacts(stopped.Incarnation, "archives/box.tar.gz", "sha256:12", bytes, "sha256:34");
        var archived = archiving.Apply(SandboxEvent.ArchiveDone) with { Archive = archive };
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(archiving, archived, null), CancellationToken));
        return archived;
    }

    private Task RefusedAsync(SandboxError.QuotaExceeded expected, double cpus = 1, long memory = 1L << 30) =>
        RefusedAsync(expected, Of("acme", cpus, memory));

    private async Task RefusedAsync(SandboxError.QuotaExceeded expected, SandboxInstance first)
    {
        Assert.False((await CreateAsync(first)).TryGet(out _, out var error), $"expected to be refused: {expected.Text}");
        Assert.Equal(expected, error);
    }

    private async Task<TenantView> UseAsync() =>
        (await Tenants.ListAsync(CancellationToken)).Single(view => view.Tenant.Name == "acme");
}
