using Microsoft.Extensions.Time.Testing;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Runs;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Rollout.Tests.Runs;

[Trait("Row", "22")]
public sealed class RunStopTests : IDisposable
{
    private static readonly Checkpoint First = CheckpointCatalog.All[0];

    private readonly TempFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Stop_OfARunThatIsJustOver_LeavesItsEndAsItWas()
    {
        StandInAnsible.Write(_folder.Path, StandInAnsible.WaitingEffect);
        var engine = StandInAnsible.Open(_folder.Path, _time);
        using var store = engine.Store;
        var begun = await RolloutSteps.BeginAsync(engine, First);
        await FollowUntilItWaitsAsync(engine, begun);
        await File.WriteAllTextAsync(_folder.File("go"), "");
        await Wait.UntilAsync(
            () => Task.FromResult(File.Exists(_folder.File($"state/executions/{begun.Id}/exit"))), () => "its process was to end");

        var isStopped = await engine.Runner.StopAsync(begun.Id, "bob", default);
        await engine.Runner.ResumeAsync(default);

        Assert.False(isStopped, "a run whose process has ended cannot be stopped");
        var ended = (await store.FindExecutionAsync(begun.Id, default))!;
        Assert.True(ended.State is ExecutionState.Completed, $"it had completed before the stop, and is {ended.State}: {ended.Error}");
    }

    [Fact]
    public async Task Stop_OfARunThatIgnoresIt_KillsItsChildrenTooAndRecordsIt()
    {
        // One child in a session of its own, as a daemon would be.
        StandInAnsible.Write(_folder.Path, """
            trap '' TERM
            setsid sh -c 'trap "" TERM; while :; do sleep 1; done' &
            while :; do echo '{"event":"task","name":"wait"}'; sleep 1; done
            """);
        var engine = StandInAnsible.Open(_folder.Path, _time);
        using var store = engine.Store;
        var begun = await RolloutSteps.BeginAsync(engine, First);
        await FollowUntilItWaitsAsync(engine, begun);

        Assert.True(await engine.Runner.StopAsync(begun.Id, "bob", default), "a run that goes on was to be stopped");

        Assert.Empty(RunProcesses.Find(begun.Id));
        var ended = (await store.FindExecutionAsync(begun.Id, default))!;
        Assert.Equal((ExecutionState.Cancelled, "bob stopped it"), (ended.State, ended.Error));
        Assert.Contains(await store.AuditAsync(0, 100, default), entry => (entry.Actor, entry.Action) == ("bob", "execution.stopped"));
    }

    [Fact]
    public async Task Stop_BeforeTheProcessBegan_CancelsTheRunAndItDoesNothing()
    {
        StandInAnsible.Write(_folder.Path, StandInAnsible.Effect);
        var engine = StandInAnsible.Open(_folder.Path, _time);
        using var store = engine.Store;
        var begun = await RolloutSteps.BeginAsync(engine, First);

        Assert.True(await engine.Runner.StopAsync(begun.Id, "bob", default), "a run that has not begun was to be stopped");
        await foreach (var _ in engine.Runner.FollowAsync(begun, default))
        {
            // Its process comes late, and prints nothing.
        }

        Assert.Equal(ExecutionState.Cancelled, (await store.FindExecutionAsync(begun.Id, default))!.State);
        Assert.Empty(StandInAnsible.EffectsIn(_folder.Path));
    }

    [Fact]
    public async Task Run_WhoseProgramFailsByItself_IsFailedAlthoughAStopWasAsked()
    {
        StandInAnsible.Write(_folder.Path, "exit 3");
        var engine = StandInAnsible.Open(_folder.Path, _time);
        using var store = engine.Store;
        var begun = await RolloutSteps.BeginAsync(engine, First);
        await store.TryUpdateAsync(begun.StopRequested("bob"), what: null, default);

        await foreach (var _ in engine.Runner.FollowAsync(begun, default))
        {
            // The store has it.
        }

        Assert.Equal(ExecutionState.Failed, (await store.FindExecutionAsync(begun.Id, default))!.State);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Follows a run until it has printed something, as a follower that is killed then.</summary>
    private static async Task FollowUntilItWaitsAsync(RolloutEngine engine, Execution begun)
    {
        await foreach (var line in engine.Runner.FollowAsync(begun, default))
        {
            if (line.Text == "TASK wait")
            {
                return;
            }
        }

        Assert.Fail("the run was to go on");
    }
}
