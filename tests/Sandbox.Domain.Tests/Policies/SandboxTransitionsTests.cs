using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;

namespace Sandbox.Domain.Tests.Policies;

public sealed class SandboxTransitionsTests
{
    private readonly SandboxTransitions _moves = new(new AutoPolicy(new LifecycleOptions()));

    [Fact]
    public void Stop_OfARunningSandbox_StopsItsContainer()
    {
        var running = Given.Sandbox(SandboxState.Running);

        var move = Decided(_moves.Stop(running, StopReason.Asked, Given.Now));

        Assert.Equal((SandboxState.Stopped, running.Version + 1, null), (move.Next.State, move.Next.Version, move.Next.Reason));
        AssertAbout<StopSandboxJob>(move);
    }

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    public void Stop_WhereAStopDeletes_DoesBothInOneMove(SandboxState state)
    {
        var record = RemovedOnStop(state);

        var move = Decided(_moves.Stop(record, StopReason.Asked, Given.Now));

        Assert.Equal((SandboxState.Deleted, record.Version + 2), (move.Next.State, move.Next.Version));
        Assert.Equal([SandboxEvent.Stop, SandboxEvent.Delete], move.Next.History.Select(change => change.On));
        Assert.Equal((Given.Now, Given.Now), (move.Next.StoppedAt, move.Next.DeletedAt));
        AssertAbout<RemoveSandboxJob>(move);
    }

    [Fact]
    public void Stop_OfAnExpiredSandbox_SaysSo()
    {
        Assert.Equal(
            "expired: idle for 1800 s",
            Decided(_moves.Stop(Given.Sandbox(SandboxState.Running), StopReason.Expired, Given.Now)).Next.Reason);
        Assert.Equal(
            "expired: idle for 1800 s",
            Decided(_moves.Stop(RemovedOnStop(SandboxState.Running), StopReason.Expired, Given.Now)).Next.Reason);
    }

    [Fact]
    public void Stop_OfAStoppedSandbox_IsNothingAndKeepsItsDeadline()
    {
        var stopped = RemovedOnStop(SandboxState.Stopped) with { AutoTransitionState = SandboxState.Deleted, AutoTransitionAt = Given.Now };

        var move = Decided(_moves.Stop(stopped, StopReason.Asked, Given.Now));

        Assert.True(move.IsNothing);
        Assert.Null(move.Job);
        Assert.Same(stopped, move.Next);
    }

    [Theory]
    [InlineData(SandboxState.Archiving)]
    [InlineData(SandboxState.Archived)]
    [InlineData(SandboxState.Deleted)]
    public void Stop_OfAnythingElse_IsRefused(SandboxState state) =>
        AssertRefused(_moves.Stop(Given.Sandbox(state), StopReason.Asked, Given.Now), state, SandboxEvent.Stop);

    [Fact]
    public void Restart_OfAStoppedSandbox_IsPendingWithADeadline()
    {
        var move = Decided(SandboxTransitions.Restart(Given.Sandbox(SandboxState.Stopped), Given.Now));

        Assert.Equal((SandboxState.Pending, Given.Now.AddMinutes(10)), (move.Next.State, move.Next.TransientDeadline));
        AssertAbout<RestartSandboxJob>(move);
    }

    [Theory]
    [InlineData(SandboxState.Running)]
    [InlineData(SandboxState.Deleted)]
    public void Restart_OfAnythingElse_IsRefused(SandboxState state) =>
        AssertRefused(SandboxTransitions.Restart(Given.Sandbox(state), Given.Now), state, SandboxEvent.Restart);

    [Fact]
    public void Delete_OfAStoppedSandbox_RemovesItsContainer()
    {
        var move = Decided(SandboxTransitions.Delete(Given.Sandbox(SandboxState.Stopped), Given.Now));

        Assert.Equal(SandboxState.Deleted, move.Next.State);
        AssertAbout<RemoveSandboxJob>(move);
    }

    [Fact]
    public void Delete_OfADeletedSandbox_IsNothing() =>
        Assert.True(Decided(SandboxTransitions.Delete(Given.Sandbox(SandboxState.Deleted), Given.Now)).IsNothing);

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    public void Delete_OfALiveSandbox_IsRefused(SandboxState state) =>
        AssertRefused(SandboxTransitions.Delete(Given.Sandbox(state), Given.Now), state, SandboxEvent.Delete);

    [Fact]
    public void StartFailed_MarksThePhaseAndEndsWhatWasStarted()
    {
        var pending = RemovedOnStop(SandboxState.Pending);

        var move = Decided(_moves.StartFailed(pending, SandboxPhase.ImagePull, PhaseStatus.Failed, "no such image", Given.Now));

        Assert.Equal((SandboxState.Stopped, "no such image"), (move.Next.State, move.Next.Reason));
        Assert.Equal(new SandboxPhase(SandboxPhase.ImagePull, PhaseStatus.Failed, "no such image", null, Given.Now), move.Next.Phases[0]);
        Assert.Equal(SandboxPhase.BeforeStart[1], move.Next.Phases[1]);
        Assert.Equal((SandboxState.Deleted, Given.Now.AddMinutes(10)), (move.Next.AutoTransitionState, move.Next.AutoTransitionAt));
        AssertAbout<StopSandboxJob>(move);
    }

    [Fact]
    public void Lost_NeverDeletes()
    {
        var move = Decided(_moves.Lost(RemovedOnStop(SandboxState.Running), "the container has ended", Given.Now));

        Assert.Equal((SandboxState.Stopped, "the container has ended"), (move.Next.State, move.Next.Reason));
        Assert.Equal(SandboxEvent.Lost, Assert.Single(move.Next.History).On);
        AssertAbout<StopSandboxJob>(move);
    }

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    [InlineData(SandboxState.Stopped)]
    [InlineData(SandboxState.Archiving)]
    [InlineData(SandboxState.Archived)]
    [InlineData(SandboxState.Deleted)]
    public void Due_BeforeTheDeadline_IsNothing(SandboxState state) =>
        Assert.Null(_moves.Due(WithDeadlines(state, Given.Now), Given.Now.AddTicks(-1)));

    [Theory]
    [InlineData(SandboxState.Pending, SandboxState.Stopped, SandboxEvent.StartFailed)]
    [InlineData(SandboxState.Running, SandboxState.Stopped, SandboxEvent.Stop)]
    [InlineData(SandboxState.Stopped, SandboxState.Deleted, SandboxEvent.Delete)]
    [InlineData(SandboxState.Archiving, SandboxState.Stopped, SandboxEvent.ArchiveFailed)]
    [InlineData(SandboxState.Archived, SandboxState.Deleted, SandboxEvent.Delete)]
    public void Due_AtTheDeadline_IsWhatBelongsToTheState(SandboxState state, SandboxState becomes, SandboxEvent happened)
    {
        var move = _moves.Due(WithDeadlines(state, Given.Now), Given.Now);

        Assert.NotNull(move);
        Assert.Equal((becomes, happened), (move.Next.State, move.Next.History[^1].On));
    }

    [Fact]
    public void Due_OfADeletedSandbox_IsNothing() =>
        Assert.Null(_moves.Due(WithDeadlines(SandboxState.Deleted, Given.Now), Given.Now.AddYears(1)));

    [Fact]
    public void Due_OfAStuckStart_MarksTheRunningPhaseAsTimedOutWithoutThatWordInTheText()
    {
        var pending = WithDeadlines(SandboxState.Pending, Given.Now) with
        {
            Phases = [SandboxPhase.BeforeStart[0] with { Status = PhaseStatus.Success },
                SandboxPhase.BeforeStart[1] with { Status = PhaseStatus.Running }],
        };

        var move = _moves.Due(pending, Given.Now);

        Assert.Equal([PhaseStatus.Success, PhaseStatus.Timeout], move!.Next.Phases.Select(phase => phase.Status));
        Assert.Equal("not ready 600 s after the start was asked for", move.Next.Reason);
    }

    [Fact]
    public void Due_OfAnArchiveThatIsAskedFor_WaitsForAnArchiveStore()
    {
        var stopped = WithDeadlines(SandboxState.Stopped, Given.Now) with { AutoTransitionState = SandboxState.Archived };

        Assert.Null(Deadlines.NextOf(stopped));
        Assert.Null(_moves.Due(stopped, Given.Now.AddYears(1)));
    }

    private static SandboxInstance WithDeadlines(SandboxState state, DateTimeOffset at) => Given.Sandbox(state) with
    {
        IdleDeadline = at,
        TransientDeadline = at,
        AutoTransitionAt = at,
        AutoTransitionState = SandboxState.Deleted,
    };

    private static SandboxInstance RemovedOnStop(SandboxState state) =>
        Given.Sandbox(state) with { Spec = Given.Spec with { RemoveContainer = true } };

    private static SandboxTransition Decided(Result<SandboxTransition> decided)
    {
        Assert.True(decided.TryGet(out var move, out var error), error?.Text);
        return move;
    }

    private static void AssertRefused(Result<SandboxTransition> decided, SandboxState from, SandboxEvent on)
    {
        Assert.False(decided.TryGet(out _, out var error));
        Assert.Equal(new SandboxError.WrongState(Given.Sandbox().Id, from, on), error);
    }

    private static void AssertAbout<TJob>(SandboxTransition move)
        where TJob : SandboxJob
    {
        var job = Assert.IsType<TJob>(move.Job);
        Assert.Equal((move.Next.Id, move.Next.Version, move.From.Incarnation), (job.SandboxId, job.SandboxVersion, job.Incarnation));
    }
}
