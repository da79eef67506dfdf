using System.Text.Json;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;
using Sandbox.Storage;
using Sandbox.Testing;

namespace Sandbox.Rollout.Tests.Stores;

public sealed class SqliteRolloutStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, 123, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private IRolloutStore _store;

    public SqliteRolloutStoreTests() => _store = Open();

    [Fact]
    public async Task Begin_ByManyAtOnceWithOneConsent_HappensOnce()
    {
        var approved = await ApprovedAsync();

        // Against different machines, so that only the consent keeps them apart.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => BeginAsync($"node-{i}", approved))));

        Assert.Equal(15, outcomes.Count(outcome => outcome is BeginRefusal.ApprovalMoved));
        Assert.Single(await _store.ExecutionsAsync(100, default));
        Assert.Equal(ApprovalState.Consumed, (await _store.FindApprovalAsync(approved.Id, default))!.StateAt(Now));
    }

    [Fact]
    public async Task Begin_AgainstAMachineOfARunThatHasNotEnded_UsesNoConsentUp()
    {
        Assert.Null(await BeginAsync("node-1,node-2", approved: null));
        var approved = await ApprovedAsync();

        Assert.Equal(BeginRefusal.AlreadyRunning, await BeginAsync("node-2,node-3", approved));

        Assert.Equal(ApprovalState.Approved, (await _store.FindApprovalAsync(approved.Id, default))!.StateAt(Now));
        Assert.Null(await BeginAsync("node-3", approved));
    }

    [Fact]
    public async Task Begin_OfACheckpoint_TakesItsLastRecordsOutAndNoOthers()
    {
        await _store.WriteRecordsAsync([Record("cleanup-existing"), Record("final-validation")], default);

        await BeginAsync("node-1", approved: null);

        Assert.Equal("final-validation", Assert.Single(await _store.RecordsAsync(default)).Checkpoint);
    }

    [Fact]
    public async Task Output_ThatIsAppendedAgain_StaysAsItWas()
    {
        var run = Guid.NewGuid();
        await _store.AppendOutputAsync(run, [new(1, "a"), new(2, "b")], default);
        await _store.AppendOutputAsync(run, [new(2, "other"), new(3, "c")], default);

        Assert.Equal(["b", "c"], (await _store.OutputAsync(run, after: 1, limit: 10, default)).Select(line => line.Text));
    }

    [Fact]
    public async Task Everything_AfterTheFileIsOpenedAgain_IsThereAndTheChainIsWhole()
    {
        var approved = await ApprovedAsync();
        await BeginAsync("node-1", approved);
        _store.Dispose();
        _store = Open();

        var execution = Assert.Single(await _store.ExecutionsAsync(100, default));
        Assert.Equal((approved.Id, ExecutionState.Started, Now), (execution.Approval, execution.State, execution.StartedAt));
        Assert.Equal(["bob"], (await _store.FindApprovalAsync(approved.Id, default))!.Consents.Select(consent => consent.By));
        var entries = await _store.AuditAsync(after: 0, limit: 100, default);
        Assert.Null(AuditChain.Verify(entries));
        Assert.Equal(["approval.requested", "approval.granted", "execution.started"], entries.Select(entry => entry.Action));
    }

    [Fact]
    public async Task Reset_OfTheState_KeepsRunsUsedConsentsAndTheLog()
    {
        var used = await ApprovedAsync();
        await BeginAsync("node-1", used);
        await ApprovedAsync();
        await _store.WriteRecordsAsync([Record("final-validation")], default);

        await _store.ResetAsync(new AuditEvent(Now, "ann", "state.reset", "all"), default);

        Assert.Empty(await _store.RecordsAsync(default));
        Assert.Equal(used.Id, Assert.Single(await _store.ApprovalsAsync(default)).Id);
        Assert.Single(await _store.ExecutionsAsync(100, default));
        Assert.Equal(6, (await _store.AuditAsync(after: 0, limit: 100, default)).Count);
    }

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    private IRolloutStore Open() => RolloutStores.Open(_folder.File("rollout.db"));

    private async Task<Approval> ApprovedAsync()
    {
        var request = new Approval(Guid.NewGuid(), "plan", "ann", Now, Now.AddHours(1));
        await _store.TryWriteAsync(request, new AuditEvent(Now, "ann", "approval.requested", request.Id.ToString()), default);
        Assert.True(request.Approve(new Consent("bob", "needed", Now), false, Now).TryGet(out var approved, out _), "bob was to approve");
        await _store.TryWriteAsync(approved, new AuditEvent(Now, "bob", "approval.granted", request.Id.ToString()), default);
        return approved;
    }

    private Task<BeginRefusal?> BeginAsync(string targets, Approval? approved)
    {
        var begun = new Execution(Guid.NewGuid(), "cleanup-existing", targets, "plan", "ann", Now) { Approval = approved?.Id };
        Approval? consumed = null;
        approved?.Consume("plan", begun.Id, Now).TryGet(out consumed, out _);
        return _store.TryBeginAsync(begun, consumed, new AuditEvent(Now, "ann", "execution.started", begun.Id.ToString()), default);
    }

    private static CheckpointRecord Record(string checkpoint) =>
        new(checkpoint, "node-1", Guid.NewGuid(), RecordStatus.Passed, Now, JsonSerializer.SerializeToElement(new { ok = true }));
}
