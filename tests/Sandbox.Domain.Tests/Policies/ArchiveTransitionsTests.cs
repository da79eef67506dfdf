using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Tests.Policies;

public sealed class ArchiveTransitionsTests
{
    private static readonly ArchiveFacts Facts = new(IncarnationId.New(), "archives/box.tar.gz", "sha256:1", 5, "sha256:2");

    private readonly SandboxTransitions _transitions = new(new AutoPolicy(
        new LifecycleOptions { AutoDelete = TimeSpan.FromHours(1), AutoDeleteArchived = TimeSpan.FromDays(7) }, canArchive: true));

    [Fact]
    public void Archive_OfAStoppedSandbox_IsArchivingWithADeadline()
    {
        var stopped = Given.Sandbox(SandboxState.Stopped);

        var transition = Decided(_transitions.Archive(stopped, Given.Now));

        Assert.Equal((SandboxState.Archiving, Given.Now.AddMinutes(30)), (transition.Next.State, transition.Next.TransientDeadline));
        Assert.Equal([SandboxPhase.ImageArchive, SandboxPhase.LogArchive], transition.Next.Phases.Select(phase => phase.Name));
        AssertAbout<ArchiveSandboxJob>(transition, stopped.Incarnation);
    }

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    [InlineData(SandboxState.Archiving)]
    [InlineData(SandboxState.Archived)]
    [InlineData(SandboxState.Deleted)]
    public void Archive_OfAnythingElse_IsRefused(SandboxState state) =>
        Assert.Equal(
            new SandboxError.WrongState(SandboxId.Parse("box"), state.Name(), "archive"),
            Refused(_transitions.Archive(Given.Sandbox(state), Given.Now)));

    [Fact]
    public void Archive_WhereNoStoreIsConfigured_SaysWhichSettingIsMissing()
    {
        var refused = Refused(
            new SandboxTransitions(new AutoPolicy(new LifecycleOptions())).Archive(Given.Sandbox(SandboxState.Stopped), Given.Now));

        Assert.IsType<SandboxError.CannotArchive>(refused);
        Assert.Contains("Archive:Store", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DeploymentKind.Local, false)]
    [InlineData(DeploymentKind.Remote, false)]
    [InlineData(DeploymentKind.Docker, true)]
    public void Archive_OfWhatAnImageWouldNotHold_IsRefused(DeploymentKind kind, bool kata)
    {
        var stopped = Given.Sandbox(SandboxState.Stopped) with { Spec = Given.Spec with { Deployment = kind, UseKata = kata } };

        Assert.IsType<SandboxError.CannotArchive>(Refused(_transitions.Archive(stopped, Given.Now)));
    }

    [Fact]
    public void ArchiveDone_KeepsTheFactsAndTheArchivesOwnDeadline()
    {
        var transition = Decided(_transitions.ArchiveDone(Given.Sandbox(SandboxState.Archiving), Facts, Given.Now));

        Assert.Equal(
            (SandboxState.Archived, Given.Now, Facts), (transition.Next.State, transition.Next.ArchivedAt, transition.Next.Archive));
        Assert.Equal((SandboxState.Deleted, Given.Now.AddDays(7)), (transition.Next.AutoTransitionState, transition.Next.AutoTransitionAt));
    }

    [Fact]
    public void ArchiveFailed_IsStoppedAsBeforeAndDiscardsWhatWasPutAway()
    {
        var stoppedAt = Given.Now.AddHours(-3);
        var archiving = Given.Sandbox(SandboxState.Archiving) with { StoppedAt = stoppedAt, Phases = [.. SandboxPhase.BeforeArchive] };

        var transition = Decided(_transitions.ArchiveFailed(archiving, PhaseStatus.Failed, "the store is full", Given.Now));

        Assert.Equal(
            (SandboxState.Stopped, "the store is full", stoppedAt, null),
            (transition.Next.State, transition.Next.Reason, transition.Next.StoppedAt, transition.Next.ArchivedAt));
        Assert.Equal(
            (SandboxState.Deleted, Given.Now.AddHours(1)), (transition.Next.AutoTransitionState, transition.Next.AutoTransitionAt));
        Assert.Equal(
            (SandboxPhase.ImageArchive, PhaseStatus.Failed, "the store is full"),
            (transition.Next.Phases[0].Name, transition.Next.Phases[0].Status, transition.Next.Phases[0].Message));
        AssertAbout<DiscardArchiveJob>(transition, archiving.Incarnation);
    }

    [Fact]
    public void ArchiveFailed_WhereTheServerDeletesNothing_WaitsForSomebody()
    {
        var transitions = new SandboxTransitions(new AutoPolicy(new LifecycleOptions(), canArchive: true));

        Assert.Null(
            Decided(transitions.ArchiveFailed(Given.Sandbox(SandboxState.Archiving), PhaseStatus.Failed, "no", Given.Now))
                .Next.AutoTransitionAt);
    }

    [Fact]
    public void Restore_BeginsANewIncarnationAndKeepsTheArchive()
    {
        var archived = Archived(SandboxState.Archived);

        var transition = Decided(_transitions.Restore(archived, Given.Now));

        Assert.Equal(
            (SandboxState.Pending, Given.Now.AddMinutes(30), Facts),
            (transition.Next.State, transition.Next.TransientDeadline, transition.Next.Archive));
        Assert.NotEqual(archived.Incarnation, transition.Next.Incarnation);
        Assert.True(transition.Next.IsRestoring);
        AssertAbout<RestoreSandboxJob>(transition, transition.Next.Incarnation);
    }

    [Fact]
    public void Restore_WithoutAnArchive_IsRefused() =>
        Assert.IsType<SandboxError.CannotArchive>(Refused(_transitions.Restore(Given.Sandbox(SandboxState.Archived), Given.Now)));

    [Fact]
    public void Alive_AfterARestore_DiscardsTheArchive()
    {
        var transition = Decided(SandboxTransitions.Alive(Archived(SandboxState.Pending), Given.Now));

        Assert.Equal((SandboxState.Running, null, null), (transition.Next.State, transition.Next.Archive, transition.Next.ArchivedAt));
        AssertAbout<DiscardArchiveJob>(transition, Facts.Incarnation);
    }

    [Fact]
    public void StartFailed_OfARestore_IsArchivedAgainWithItsReason()
    {
        var restoring = Archived(SandboxState.Pending);

        var transition = Decided(
            _transitions.StartFailed(restoring, SandboxPhase.ImagePull, PhaseStatus.Failed, "its bytes have changed", Given.Now));

        Assert.Equal(
            (SandboxState.Archived, SandboxEvent.RestoreFailed, "its bytes have changed"),
            (transition.Next.State, transition.Next.History[^1].On, transition.Next.Reason));
        Assert.Equal(
            (Facts, restoring.ArchivedAt, PhaseStatus.Failed),
            (transition.Next.Archive, transition.Next.ArchivedAt, transition.Next.Phases[0].Status));
        Assert.Equal((SandboxState.Deleted, Given.Now.AddDays(7)), (transition.Next.AutoTransitionState, transition.Next.AutoTransitionAt));
        AssertAbout<RemoveSandboxJob>(transition, restoring.Incarnation);
    }

    [Fact]
    public void Stop_OfARestore_GivesItUpAndKeepsTheArchive()
    {
        var transition = Decided(_transitions.Stop(Archived(SandboxState.Pending), StopReason.Asked, Given.Now));

        Assert.Equal((SandboxState.Archived, Facts), (transition.Next.State, transition.Next.Archive));
    }

    [Fact]
    public void Delete_OfAnArchivedSandbox_DiscardsItsArchive()
    {
        var transition = Decided(SandboxTransitions.Delete(Archived(SandboxState.Archived), Given.Now));

        Assert.Equal(SandboxState.Deleted, transition.Next.State);
        AssertAbout<DiscardArchiveJob>(transition, Facts.Incarnation);
    }

    [Fact]
    public void Due_OfAnAutomaticArchive_ArchivesOnlyWhereThatWasPossibleWhenItStopped()
    {
        var spec = Given.Spec with { AutoArchive = TimeSpan.FromHours(1) };
        var running = Given.Sandbox(SandboxState.Running) with { Spec = spec };
        var stopped = Decided(_transitions.Stop(running, StopReason.Asked, Given.Now)).Next;
        var without = Decided(new SandboxTransitions(new AutoPolicy(new LifecycleOptions())).Stop(running, StopReason.Asked, Given.Now))
            .Next;

        Assert.Null(_transitions.Due(stopped, Given.Now.AddMinutes(59)));
        Assert.Equal(SandboxState.Archiving, _transitions.Due(stopped, Given.Now.AddHours(1))!.Next.State);
        Assert.Equal(Given.Now.AddHours(1), without.AutoTransitionAt);
        Assert.Null(_transitions.Due(without, Given.Now.AddYears(1)));
    }

    [Theory]
    [InlineData(SandboxState.Archiving, SandboxState.Stopped, "not archived 1800 s after it was asked for")]
    [InlineData(SandboxState.Pending, SandboxState.Archived, "not restored 1800 s after it was asked for")]
    public void Due_OfAPassingState_LeadsBackWithTheReason(SandboxState transient, SandboxState back, string reason)
    {
        var record = Archived(transient) with { TransientDeadline = Given.Now, Archive = transient is SandboxState.Pending ? Facts : null };

        Assert.Null(_transitions.Due(record, Given.Now.AddTicks(-1)));
        var transition = _transitions.Due(record, Given.Now);

        Assert.Equal((back, reason), (transition?.Next.State, transition?.Next.Reason));
        Assert.Contains(transition!.Next.Phases, phase => phase.Status is PhaseStatus.Timeout);
    }

    private static SandboxInstance Archived(SandboxState state) =>
        Given.Sandbox(state) with { Archive = Facts, ArchivedAt = Given.Now.AddHours(-2) };

    private static SandboxTransition Decided(Result<SandboxTransition> decided)
    {
        Assert.True(decided.TryGet(out var transition, out var error), error?.Text);
        return transition;
    }

    private static SandboxError Refused(Result<SandboxTransition> decided)
    {
        Assert.False(decided.TryGet(out var transition, out var error), $"it was to be refused, and became {transition?.Next.State}");
        return error;
    }

    private static void AssertAbout<TJob>(SandboxTransition transition, IncarnationId incarnation)
        where TJob : SandboxJob
    {
        var job = Assert.IsType<TJob>(transition.Job);
        Assert.Equal((transition.Next.Id, transition.Next.Version, incarnation), (job.SandboxId, job.SandboxVersion, job.Incarnation));
    }
}
