using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Live;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Storage.Tests.Sqlite;

namespace Sandbox.Storage.Tests.Live;

public sealed class LiveSandboxStoreTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly SqliteFile _file;
    private readonly InMemoryLiveStore _live = new();
    private readonly InMemoryChangeFeed _feed = new();
    private readonly LiveSandboxStore _store;

    public LiveSandboxStoreTests()
    {
        _file = SqliteFile.Open(_time);
        _store = new LiveSandboxStore(_file.Records, new LiveCache(_live, _time), _feed);
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await _file.DisposeAsync();

    [Fact]
    public async Task Create_SeedsBothKeysWithDeclaredFieldsOnly()
    {
        var record = await CreatedAsync();

        var entry = await EntryAsync(record);
        Assert.Equal("pending", entry!["state"]);
        Assert.Empty(entry.Keys.Except(LiveFields.Allowed));
        Assert.Equal(
            new LiveTimeout(Given.Spec.IdleTimeout, Given.Now + Given.Spec.IdleTimeout),
            await _live.FindTimeoutAsync(record.Id, record.Version, CancellationToken));
    }

    [Fact]
    public async Task Create_OfAnIdInUse_LeavesTheLiveEntryAsItIs()
    {
        var record = await CreatedAsync();
        using var change = _feed.Subscribe(record.Id);

        Assert.False((await _store.TryCreateAsync(Other(record), Given.StartOf(record), CancellationToken)).TryGet(out _, out _));

        Assert.Equal("busybox", (await EntryAsync(record))!["image"]);
        Assert.False(change.Changed.IsCompleted);

        static SandboxInstance Other(SandboxInstance same) =>
            Given.Pending(same.Id.ToString()) with { Spec = Given.Spec with { Image = "other" } };
    }

    [Fact]
    public async Task Create_OfAStoppedId_LeavesNoGhostEntry()
    {
        var record = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Stop);

        Assert.False(
            (await _store.TryCreateAsync(Given.Pending(record.Id.ToString()), Given.StartOf(record), CancellationToken))
            .TryGet(out _, out _));

        Assert.Null(await EntryAsync(record));
    }

    [Fact]
    public async Task Move_ToRunning_MergesOverTheEntryAndWakesWhoeverWaits()
    {
        var record = await CreatedAsync();
        await PutBesideAsync(record, "port_mapping", "{}");
        using var change = _feed.Subscribe(record.Id);

        var running = await TransitionedAsync(record, SandboxEvent.Alive);

        var entry = await EntryAsync(record);
        Assert.Equal(("running", "{}"), ((string)entry!["state"]!, (string)entry["port_mapping"]!));
        Assert.Equal(running.IdleDeadline, (await _live.FindTimeoutAsync(running.Id, running.Version, CancellationToken))!.ExpiresAt);
        Assert.True(change.Changed.IsCompleted, "a transition wakes the waiters");
    }

    [Fact]
    public async Task Update_WithAFieldThatIsNotDeclared_KeepsItOut()
    {
        var record = await CreatedAsync();
        await PutBesideAsync(record, "spec", "leak");

        await TransitionedAsync(record, SandboxEvent.Alive);

        Assert.DoesNotContain("spec", (await EntryAsync(record))!.Keys);
    }

    [Fact]
    public async Task ArchiveCache_OnAStop_WritesTheWholeEntryToTheRecordThenEvictsBothKeys()
    {
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        await PutBesideAsync(running, "auth_token", "t");

        await TransitionedAsync(running, SandboxEvent.Stop);

        using var snapshot = JsonDocument.Parse((await _file.Records.FindAsync(running.Id, CancellationToken))!.LiveSnapshot!);
        Assert.Equal("t", snapshot.RootElement.GetProperty("auth_token").GetString());
        Assert.Equal("stopped", snapshot.RootElement.GetProperty("state").GetString());
        Assert.Equal(2, snapshot.RootElement.GetProperty("state_history").GetArrayLength());
        Assert.Null(await EntryAsync(running));
        Assert.Null(await _live.FindTimeoutAsync(running.Id, running.Version, CancellationToken));
    }

    [Fact]
    public async Task ArchiveCache_ThatIsRefused_EvictsNothing()
    {
        var pending = await CreatedAsync();
        await TransitionedAsync(pending, SandboxEvent.Alive);

        Assert.False(
            await _store.TryTransitionAsync(new SandboxTransition(pending, pending.Apply(SandboxEvent.Stop), null), CancellationToken));

        Assert.Equal("running", (await EntryAsync(pending))!["state"]);
    }

    [Fact]
    public async Task ArchiveCache_WithoutALiveEntry_StillWritesACompleteSnapshot()
    {
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        await _live.RemoveAsync(running.Id, running.Version, CancellationToken);

        await TransitionedAsync(running, SandboxEvent.Stop);

        using var snapshot = JsonDocument.Parse((await _file.Records.FindAsync(running.Id, CancellationToken))!.LiveSnapshot!);
        Assert.Equal("busybox", snapshot.RootElement.GetProperty("image").GetString());
    }

    [Fact]
    public async Task RestoreCache_OnARestart_SeedsBothKeysAgainFromTheRecord()
    {
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        await PutBesideAsync(running, "auth_token", "t");
        var stopped = await TransitionedAsync(running, SandboxEvent.Stop);

        await TransitionedAsync(stopped, SandboxEvent.Restart);

        var entry = await EntryAsync(stopped);
        Assert.Equal(("pending", "t", null), ((string)entry!["state"]!, entry["auth_token"]!.ToString(), entry["stop_time"]));
        Assert.NotNull(await _live.FindTimeoutAsync(stopped.Id, stopped.Version + 1, CancellationToken));
    }

    [Fact]
    public async Task Amend_OfALiveSandbox_ReachesTheEntryEvenWhenItHasVanished()
    {
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        await _live.RemoveAsync(running.Id, running.Version, CancellationToken);

        Assert.True(await _store.TryUpdateFactsAsync(running with { HostIp = "10.0.0.1" }, CancellationToken));

        Assert.Equal("10.0.0.1", (await EntryAsync(running))!["host_ip"]);
    }

    [Fact]
    public async Task Amend_OfAStoppedSandbox_DoesNotBringTheEntryBack()
    {
        var stopped = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Stop);

        Assert.True(await _store.TryUpdateFactsAsync(stopped with { HostIp = "10.0.0.1" }, CancellationToken));

        Assert.Null(await EntryAsync(stopped));
    }

    [Fact]
    public async Task Amends_RacingAStop_NeverLeaveAGhostEntry()
    {
        for (var i = 0; i < 30; i++)
        {
            var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
            var stopped = running.Apply(SandboxEvent.Stop);

            await Task.WhenAll(
                Task.Run(() => _store.TryUpdateFactsAsync(running with { HostIp = "10.0.0.1" }, CancellationToken)),
                Task.Run(() => _store.TryTransitionAsync(new SandboxTransition(running, stopped, null), CancellationToken)),
                Task.Run(() => _store.TryUpdateFactsAsync(running with { HostIp = "10.0.0.2" }, CancellationToken)));

            Assert.Null(await EntryAsync(running));
        }
    }

    [Fact]
    public async Task CompletedJob_WakesWhoeverWaitsForIt()
    {
        var jobs = new AnnouncingJobStore(_file.Jobs, _feed);
        var record = await CreatedAsync();
        var job = Assert.Single(await jobs.ClaimAsync(new JobClaim("n", 1, TimeSpan.FromSeconds(5)), CancellationToken));
        using var change = _feed.Subscribe(record.Id);

        Assert.True(await jobs.TryCompleteAsync(job, CancellationToken));
        Assert.True(change.Changed.IsCompleted, "the end of a job wakes the waiters for it");

        using var again = _feed.Subscribe(record.Id);
        Assert.False(await jobs.TryCompleteAsync(job, CancellationToken));
        Assert.False(again.Changed.IsCompleted);
    }

    private async Task<SandboxInstance> CreatedAsync()
    {
        var first = Given.Pending();
        Assert.True(
            (await _store.TryCreateAsync(first, Given.StartOf(first), CancellationToken)).TryGet(out var record, out var error),
            error?.Text);
        return record;
    }

    private async Task<SandboxInstance> TransitionedAsync(SandboxInstance from, SandboxEvent happened)
    {
        var next = from.Apply(happened);
        Assert.True(await _store.TryTransitionAsync(new SandboxTransition(from, next, null), CancellationToken), $"{happened} was refused");
        return next;
    }

    /// <summary>The entry, whatever version it is about.</summary>
    private async Task<IReadOnlyDictionary<string, object?>?> EntryAsync(SandboxInstance record)
    {
        IReadOnlyDictionary<string, object?>? entry = null;
        for (var version = 1; version < 10; version++)
        {
            entry ??= await _live.FindAsync(record.Id, version, CancellationToken);
        }

        return entry;
    }

    /// <summary>Writes into the live entry, as another process would.</summary>
    private Task PutBesideAsync(SandboxInstance record, string field, object value) => _live.PutAsync(
        record.Id,
        new LiveWrite(
            record.Version, record.Version, new Dictionary<string, object?> { [field] = value }, new Dictionary<string, object?>(),
            new LiveTimeout(record.Spec.IdleTimeout, Given.Now + record.Spec.IdleTimeout)),
        CancellationToken);
}
