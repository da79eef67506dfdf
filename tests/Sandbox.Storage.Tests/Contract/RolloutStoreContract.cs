using System.Text.Json;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of rollouts promises.</summary>
public abstract class RolloutStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    // With more digits than a database keeps.
    private static readonly DateTimeOffset Now = new DateTimeOffset(2030, 1, 1, 0, 0, 0, 123, TimeSpan.Zero).AddTicks(4567);

    [Fact]
    public async Task Begin_ByManyAtOnceWithOneConsent_HappensOnce()
    {
        var approved = await ApprovedAsync();

        // Against different machines, so that only the consent keeps them apart.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => BeginAsync($"node-{i}", approved))));

        Assert.Equal(15, outcomes.Count(outcome => outcome is BeginRefusal.ApprovalMoved));
        Assert.Single(await Rollouts.ExecutionsAsync(100, CancellationToken));
        Assert.Equal(ApprovalState.Consumed, (await Rollouts.FindApprovalAsync(approved.Id, CancellationToken))!.StateAt(Now));
    }

    [Fact]
    public async Task Begin_AgainstAMachineOfARunThatHasNotEnded_UsesNoConsentUp()
    {
        Assert.Null(await BeginAsync("node-1,node-2", approved: null));
        var approved = await ApprovedAsync();

        Assert.Equal(BeginRefusal.AlreadyRunning, await BeginAsync("node-2,node-3", approved));

        Assert.Equal(ApprovalState.Approved, (await Rollouts.FindApprovalAsync(approved.Id, CancellationToken))!.StateAt(Now));
        Assert.Null(await BeginAsync("node-3", approved));
    }

    [Fact]
    public async Task Begin_OfACheckpoint_TakesItsLastRecordsOutAndNoOthers()
    {
        await Rollouts.WriteRecordsAsync([Record("cleanup-existing"), Record("final-validation")], CancellationToken);

        await BeginAsync("node-1", approved: null);

        Assert.Equal("final-validation", Assert.Single(await Rollouts.RecordsAsync(CancellationToken)).Checkpoint);
    }

    [Fact]
    public async Task Output_ThatIsAppendedAgain_StaysAsItWas()
    {
        var run = Guid.NewGuid();
        await Rollouts.AppendOutputAsync(run, [new(1, "a"), new(2, "b")], CancellationToken);
        await Rollouts.AppendOutputAsync(run, [new(2, "other"), new(3, "c")], CancellationToken);

        Assert.Equal(["b", "c"], (await Rollouts.OutputAsync(run, after: 1, limit: 10, CancellationToken)).Select(line => line.Text));
    }

    [Fact]
    public async Task Everything_AfterTheFileIsOpenedAgain_IsThereAndTheChainIsWhole()
    {
        var approved = await ApprovedAsync();
        await BeginAsync("node-1", approved);
        await ReopenAsync();

        var execution = Assert.Single(await Rollouts.ExecutionsAsync(100, CancellationToken));
        Assert.Equal((approved.Id, ExecutionState.Started, Now), (execution.Approval, execution.State, execution.StartedAt));
        Assert.Equal(["bob"], (await Rollouts.FindApprovalAsync(approved.Id, CancellationToken))!.Consents.Select(consent => consent.By));
        var entries = await Rollouts.AuditAsync(after: 0, limit: 100, CancellationToken);
        Assert.Null(AuditChain.Verify(entries));
        Assert.Equal(["approval.requested", "approval.granted", "execution.started"], entries.Select(entry => entry.Action));
    }

    [Fact]
    [Trait("Row", "26")]
    public async Task Reset_OfTheState_KeepsRunsUsedConsentsAndTheLog()
    {
        var used = await ApprovedAsync();
        await BeginAsync("node-1", used);
        await ApprovedAsync();
        await Rollouts.WriteRecordsAsync([Record("final-validation")], CancellationToken);

        await Rollouts.ResetAsync(new AuditEvent(Now, "ann", "state.reset", "all"), CancellationToken);

        Assert.Empty(await Rollouts.RecordsAsync(CancellationToken));
        Assert.Equal(used.Id, Assert.Single(await Rollouts.ApprovalsAsync(CancellationToken)).Id);
        Assert.Single(await Rollouts.ExecutionsAsync(100, CancellationToken));
        Assert.Equal(6, (await Rollouts.AuditAsync(after: 0, limit: 100, CancellationToken)).Count);
    }

    [Fact]
    public async Task Begin_AgainstOneMachineByManyAtOnce_HappensOnce()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            BeginAsync($"node-{i},shared", approved: null))));

        Assert.Equal(7, outcomes.Count(outcome => outcome is BeginRefusal.AlreadyRunning));
        Assert.Single(await Rollouts.ActiveExecutionsAsync(CancellationToken));
    }

    [Fact]
    public async Task End_OfARun_WritesItsRecordsWithItOrNothing()
    {
        var begun = await BegunAsync("cleanup-existing", Now);
        var ended = begun.Ended(ExecutionState.Completed, error: null, Now);
        var what = new AuditEvent(Now, "ann", "execution.completed", begun.Id.ToString());

        Assert.True(await Rollouts.TryEndAsync(ended, [Record("cleanup-existing")], what, CancellationToken), "it was to end");
        Assert.False(
            await Rollouts.TryEndAsync(ended, [Record("final-validation")], what, CancellationToken), "it has ended before");

        Assert.Equal(ExecutionState.Completed, (await Rollouts.FindExecutionAsync(begun.Id, CancellationToken))!.State);
        Assert.Empty(await Rollouts.ActiveExecutionsAsync(CancellationToken));
        Assert.Equal("cleanup-existing", Assert.Single(await Rollouts.RecordsAsync(CancellationToken)).Checkpoint);
        Assert.Equal(
            ["execution.started", "execution.completed"],
            (await Rollouts.AuditAsync(after: 0, limit: 10, CancellationToken)).Select(entry => entry.Action));
    }

    [Fact]
    public async Task Record_OfAMachine_ComesBackAsItWas()
    {
        var detail = JsonSerializer.SerializeToElement(new { z = "Größe", a = new[] { 1.50, 2 }, half = "\uFFFD" });
        var record = Record("final-validation") with { Detail = detail };

        await Rollouts.WriteRecordsAsync([record], CancellationToken);

        var found = Assert.Single(await Rollouts.RecordsAsync(CancellationToken));
        Assert.Equal(detail.GetRawText(), found.Detail.GetRawText());
        Assert.Equal(record with { Detail = found.Detail }, found);
    }

    [Fact]
    public async Task Pages_OfExecutions_HaveEachOneOnceWhileOthersBegin()
    {
        // Two begin at the same moment.
        var begun = new List<Execution>();
        foreach (var seconds in new[] { 0, 1, 1, 2, 3 })
        {
            begun.Add(await BegunAsync("cleanup-existing", Now.AddSeconds(seconds)));
        }

        var (found, query) = (new List<Guid>(), new ExecutionQuery { Limit = 2 });
        while (true)
        {
            var page = await Rollouts.ExecutionsAsync(query, CancellationToken);
            found.AddRange(page.Executions.Select(execution => execution.Id));
            await BegunAsync("final-validation", Now.AddSeconds(10 + found.Count));
            if (page.Next is not { } next)
            {
                break;
            }

            Assert.True(ExecutionCursor.TryParse(next.ToString(), out var cursor), $"{next} was to be read again");
            query = query with { After = cursor };
        }

        Assert.Equal(
            begun.OrderByDescending(execution => execution.StartedAt).ThenBy(execution => execution.Id.ToString(), StringComparer.Ordinal)
                .Select(execution => execution.Id),
            found);
    }

    [Fact]
    public async Task Executions_ByCheckpointStateAndTime_AreThoseAlone()
    {
        var old = await BegunAsync("cleanup-existing", Now);
        var running = await BegunAsync("cleanup-existing", Now.AddHours(1));
        await Rollouts.TryUpdateAsync(running.Begun(), what: null, CancellationToken);
        var other = await BegunAsync("final-validation", Now.AddHours(2));

        Assert.Equal([running.Id, old.Id], await AskedAsync(new ExecutionQuery { Checkpoint = "cleanup-existing" }));
        Assert.Equal([running.Id], await AskedAsync(new ExecutionQuery { State = ExecutionState.Running }));
        Assert.Equal([other.Id, running.Id], await AskedAsync(new ExecutionQuery { Since = Now.AddHours(1) }));
        Assert.Empty(await AskedAsync(new ExecutionQuery { Checkpoint = "cleanup-existing", Since = Now.AddHours(2) }));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1-2-3")]
    [InlineData("ffffffffffffffff-00000000000000000000000000000000")]
    [InlineData("7fffffffffffffff-00000000000000000000000000000000")]
    [InlineData("0-not an id")]
    public void Cursor_ThatIsNone_IsRefused(string? text) =>
        Assert.False(ExecutionCursor.TryParse(text, out _), $"{text} is no cursor");

    [Fact]
    public async Task Host_ThatTellsAgainThatItLives_IsKeptWithItsLastMoment()
    {
        await Rollouts.TouchHostAsync("one", Given.Now, CancellationToken);
        await Rollouts.TouchHostAsync("two", Given.Now, CancellationToken);
        await Rollouts.TouchHostAsync("one", Given.Now.AddMinutes(1), CancellationToken);

        var hosts = await Rollouts.HostsAsync(CancellationToken);

        Assert.Equal((Given.Now.AddMinutes(1), Given.Now, 2), (hosts["one"], hosts["two"], hosts.Count));
    }

    [Fact]
    public async Task Subscribe_BeforeAnythingIsWritten_IsWokenByEachKindOfChange()
    {
        var begun = await BegunAsync("cleanup-existing", Now);
        Func<Task>[] changes =
        [
            () => ApprovedAsync(),
            () => BegunAsync("final-validation", Now),
            () => Rollouts.AppendOutputAsync(begun.Id, [new(1, "a")], CancellationToken),
            () => Rollouts.TryUpdateAsync(begun.Begun(), what: null, CancellationToken),
            () => Rollouts.ResetAsync(new AuditEvent(Now, "ann", "state.reset", "all"), CancellationToken),
        ];
        foreach (var (number, change) in changes.Index())
        {
            using var subscription = Rollouts.Subscribe();
            Assert.False(subscription.Changed.IsCompleted, $"nothing changed before change {number}");
            await change();
            Assert.True(subscription.Changed.IsCompleted, $"change {number} was to wake the reader");
        }
    }

    private async Task<Approval> ApprovedAsync()
    {
        var request = new Approval(Guid.NewGuid(), "plan", "ann", Now, Now.AddHours(1));
        await Rollouts.TryWriteAsync(request, new AuditEvent(Now, "ann", "approval.requested", request.Id.ToString()), CancellationToken);
        Assert.True(request.Approve(new Consent("bob", "needed", Now), false, Now).TryGet(out var approved, out _), "bob was to approve");
        await Rollouts.TryWriteAsync(approved, new AuditEvent(Now, "bob", "approval.granted", request.Id.ToString()), CancellationToken);
        return approved;
    }

    private Task<BeginRefusal?> BeginAsync(string targets, Approval? approved)
    {
        var begun = new Execution(Guid.NewGuid(), "cleanup-existing", targets, "plan", "ann", Now) { Approval = approved?.Id };
        Approval? consumed = null;
        approved?.Consume("plan", begun.Id, Now).TryGet(out consumed, out _);
        return Rollouts.TryBeginAsync(
            begun, consumed, new AuditEvent(Now, "ann", "execution.started", begun.Id.ToString()), CancellationToken);
    }

    /// <summary>A run against a machine of its own.</summary>
    private async Task<Execution> BegunAsync(string checkpoint, DateTimeOffset at)
    {
        var begun = new Execution(Guid.NewGuid(), checkpoint, $"node-{Guid.NewGuid():N}", "plan", "ann", at);
        var what = new AuditEvent(at, "ann", "execution.started", begun.Id.ToString());
        Assert.Null(await Rollouts.TryBeginAsync(begun, consumed: null, what, CancellationToken));
        return begun;
    }

    private async Task<IEnumerable<Guid>> AskedAsync(ExecutionQuery query) =>
        (await Rollouts.ExecutionsAsync(query, CancellationToken)).Executions.Select(execution => execution.Id);

    private static CheckpointRecord Record(string checkpoint) =>
        new(checkpoint, "node-1", Guid.NewGuid(), RecordStatus.Passed, Now, JsonSerializer.SerializeToElement(new { ok = true }));
}
