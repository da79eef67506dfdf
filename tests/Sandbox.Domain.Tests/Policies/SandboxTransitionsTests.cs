using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Tests.Policies;

public sealed class SandboxTransitionsTests
{
    private readonly SandboxTransitions _transitions = new(new AutoPolicy(new LifecycleOptions()));

    [Fact]
    public void Stop_OfARunningSandbox_StopsItsContainer()
    {
        var running = Given.Sandbox(SandboxState.Running);

        var transition = Decided(_transitions.Stop(running, StopReason.Asked, Given.Now));

        Assert.Equal(
            (SandboxState.Stopped, running.Version + 1, null), (transition.Next.State, transition.Next.Version, transition.Next.Reason));
        AssertAbout<StopSandboxJob>(transition);
    }

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    public void Stop_WhereAStopDeletes_DoesBothInOneMove(SandboxState state)
    {
        var record = RemovedOnStop(state);

        var transition = Decided(_transitions.Stop(record, StopReason.Asked, Given.Now));

        Assert.Equal((SandboxState.Deleted, record.Version + 2), (transition.Next.State, transition.Next.Version));
        Assert.Equal([SandboxEvent.Stop, SandboxEvent.Delete], transition.Next.History.Select(change => change.On));
        Assert.Equal((Given.Now, Given.Now), (transition.Next.StoppedAt, transition.Next.DeletedAt));
        AssertAbout<RemoveSandboxJob>(transition);
    }

    [Fact]
    public void Stop_OfAnExpiredSandbox_SaysSo()
    {
        Assert.Equal(
            "expired: idle for 1800 s",
            Decided(_transitions.Stop(Given.Sandbox(SandboxState.Running), StopReason.Expired, Given.Now)).Next.Reason);
        Assert.Equal(
            "expired: idle for 1800 s",
            Decided(_transitions.Stop(RemovedOnStop(SandboxState.Running), StopReason.Expired, Given.Now)).Next.Reason);
    }

    [Fact]
    public void Stop_OfAStoppedSandbox_IsNothingAndKeepsItsDeadline()
    {
        var stopped = RemovedOnStop(SandboxState.Stopped) with { AutoTransitionState = SandboxState.Deleted, AutoTransitionAt = Given.Now };

        var transition = Decided(_transitions.Stop(stopped, StopReason.Asked, Given.Now));

        Assert.True(transition.IsNothing);
        Assert.Null(transition.Job);
        Assert.Same(stopped, transition.Next);
    }

    [Theory]
    [InlineData(SandboxState.Archiving)]
    [InlineData(SandboxState.Archived)]
    [InlineData(SandboxState.Deleted)]
    public void Stop_OfAnythingElse_IsRefused(SandboxState state) =>
        AssertRefused(_transitions.Stop(Given.Sandbox(state), StopReason.Asked, Given.Now), state, SandboxEvent.Stop);

    [Fact]
    public void Restart_OfAStoppedSandbox_IsPendingWithADeadline()
    {
        var transition = Decided(SandboxTransitions.Restart(Given.Sandbox(SandboxState.Stopped), Given.Now));

        Assert.Equal((SandboxState.Pending, Given.Now.AddMinutes(10)), (transition.Next.State, transition.Next.TransientDeadline));
        AssertAbout<RestartSandboxJob>(transition);
    }

    [Theory]
    [InlineData(SandboxState.Running)]
    [InlineData(SandboxState.Deleted)]
    public void Restart_OfAnythingElse_IsRefused(SandboxState state) =>
        AssertRefused(SandboxTransitions.Restart(Given.Sandbox(state), Given.Now), state, SandboxEvent.Restart);

    [Fact]
    public void Delete_OfAStoppedSandbox_RemovesItsContainer()
    {
        var transition = Decided(SandboxTransitions.Delete(Given.Sandbox(SandboxState.Stopped), Given.Now));

        Assert.Equal(SandboxState.Deleted, transition.Next.State);
        AssertAbout<RemoveSandboxJob>(transition);
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

        var transition = Decided(_transitions.StartFailed(pending, SandboxPhase.ImagePull, PhaseStatus.Failed, "no such image", Given.Now));

        Assert.Equal((SandboxState.Stopped, "no such image"), (transition.Next.State, transition.Next.Reason));
        Assert.Equal(
            new SandboxPhase(SandboxPhase.ImagePull, PhaseStatus.Failed, "no such image", null, Given.Now), transition.Next.Phases[0]);
        Assert.Equal(SandboxPhase.BeforeStart[1], transition.Next.Phases[1]);
        Assert.Equal(
            (SandboxState.Deleted, Given.Now.AddMinutes(10)), (transition.Next.AutoTransitionState, transition.Next.AutoTransitionAt));
        AssertAbout<StopSandboxJob>(transition);
    }

    [Fact]
    public void Lost_NeverDeletes()
    {
        var transition = Decided(_transitions.Lost(RemovedOnStop(SandboxState.Running), "the container has ended", Given.Now));

        Assert.Equal((SandboxState.Stopped, "the container has ended"), (transition.Next.State, transition.Next.Reason));
        Assert.Equal(SandboxEvent.Lost, Assert.Single(transition.Next.History).On);
        AssertAbout<StopSandboxJob>(transition);
    }

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    [InlineData(SandboxState.Stopped)]
    [InlineData(SandboxState.Archiving)]
    [InlineData(SandboxState.Archived)]
    [InlineData(SandboxState.Deleted)]
    public void Due_BeforeTheDeadline_IsNothing(SandboxState state) =>
        Assert.Null(_transitions.Due(WithDeadlines(state, Given.Now), Given.Now.AddTicks(-1)));

    [Theory]
    [InlineData(SandboxState.Pending, SandboxState.Stopped, SandboxEvent.StartFailed)]
    [InlineData(SandboxState.Running, SandboxState.Stopped, SandboxEvent.Stop)]
    [InlineData(SandboxState.Stopped, SandboxState.Deleted, SandboxEvent.Delete)]
    [InlineData(SandboxState.Archiving, SandboxState.Stopped, SandboxEvent.ArchiveFailed)]
    [InlineData(SandboxState.Archived, SandboxState.Deleted, SandboxEvent.Delete)]
    public void Due_AtTheDeadline_IsWhatBelongsToTheState(SandboxState state, SandboxState becomes, SandboxEvent happened)
    {
        var transition = _transitions.Due(WithDeadlines(state, Given.Now), Given.Now);

        Assert.NotNull(transition);
        Assert.Equal((becomes, happened), (transition.Next.State, transition.Next.History[^1].On));
    }

    [Fact]
    public void Due_OfADeletedSandbox_IsNothing() =>
        Assert.Null(_transitions.Due(WithDeadlines(SandboxState.Deleted, Given.Now), Given.Now.AddYears(1)));

    [Fact]
    public void Due_OfAStuckStart_MarksTheRunningPhaseAsTimedOutWithoutThatWordInTheText()
    {
        var pending = WithDeadlines(SandboxState.Pending, Given.Now) with
        {
            Phases = [SandboxPhase.BeforeStart[0] with { Status = PhaseStatus.Success },
                SandboxPhase.BeforeStart[1] with { Status = PhaseStatus.Running }],
        };

        var transition = _transitions.Due(pending, Given.Now);

        Assert.Equal([PhaseStatus.Success, PhaseStatus.Timeout], transition!.Next.Phases.Select(phase => phase.Status));
        Assert.Equal("not ready 600 s after the start was asked for", transition.Next.Reason);
    }

    [Theory]
    [InlineData(20, 20, "expired: idle for 1800 s")]
    [InlineData(50, 30, "expired: ran for 1800 s, the longest that this server lets a sandbox run")]
    [InlineData(null, 30, "expired: ran for 1800 s, the longest that this server lets a sandbox run")]
    public void Due_OfARunningSandbox_IsTheEarlierOfItsDeadlines(int? idleAfter, int dueAfter, string reason)
    {
        var running = Given.Sandbox(SandboxState.Running) with
        {
            StartedAt = Given.Now,
            IdleDeadline = idleAfter is { } minutes ? Given.Now.AddMinutes(minutes) : null,
            Spec = Given.Spec with { MaxLifetime = TimeSpan.FromMinutes(30) },
        };
        var due = Given.Now.AddMinutes(dueAfter);

        Assert.Equal(due, Deadlines.NextOf(running));
        Assert.Null(_transitions.Due(running, due.AddTicks(-1)));
        var transition = _transitions.Due(running, due);
        Assert.Equal((SandboxState.Stopped, reason), (transition!.Next.State, transition.Next.Reason));
    }

    [Fact]
    public void Due_OfAnArchiveThatIsAskedFor_WaitsForAnArchiveStore()
    {
        var stopped = WithDeadlines(SandboxState.Stopped, Given.Now) with { AutoTransitionState = SandboxState.Archived };

        Assert.Null(Deadlines.NextOf(stopped));
        Assert.Null(_transitions.Due(stopped, Given.Now.AddYears(1)));
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
        Assert.True(decided.TryGet(out var transition, out var error), error?.Text);
        return transition;
    }

    private static void AssertRefused(Result<SandboxTransition> decided, SandboxState from, SandboxEvent on)
    {
        Assert.False(decided.TryGet(out _, out var error));
        Assert.Equal(new SandboxError.WrongState(Given.Sandbox().Id, from.Name(), on.Name()), error);
    }

    private static void AssertAbout<TJob>(SandboxTransition transition)
        where TJob : SandboxJob
    {
        var job = Assert.IsType<TJob>(transition.Job);
        Assert.Equal(
            (transition.Next.Id, transition.Next.Version, transition.From.Incarnation),
            (job.SandboxId, job.SandboxVersion, job.Incarnation));
    }
}
