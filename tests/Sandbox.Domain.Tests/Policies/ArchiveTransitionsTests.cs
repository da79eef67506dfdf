using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Policies;

public sealed class ArchiveTransitionsTests
{
    private static readonly ArchiveFacts Facts = new(IncarnationId.New(), "archives/box.tar.gz", "sha256:1", 5, "sha256:2");

    private readonly SandboxTransitions _moves = new(new AutoPolicy(
        new LifecycleOptions { AutoDelete = TimeSpan.FromHours(1), AutoDeleteArchived = TimeSpan.FromDays(7) }, canArchive: true));

    [Fact]
    public void Archive_OfAStoppedSandbox_IsArchivingWithADeadline()
    {
        var stopped = Given.Sandbox(SandboxState.Stopped);

        var move = Decided(_moves.Archive(stopped, Given.Now));

        Assert.Equal((SandboxState.Archiving, Given.Now.AddMinutes(30)), (move.Next.State, move.Next.TransientDeadline));
        Assert.Equal([SandboxPhase.ImageArchive, SandboxPhase.LogArchive], move.Next.Phases.Select(phase => phase.Name));
        AssertAbout<ArchiveSandboxJob>(move, stopped.Incarnation);
    }

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Running)]
    [InlineData(SandboxState.Archiving)]
    [InlineData(SandboxState.Archived)]
    [InlineData(SandboxState.Deleted)]
    public void Archive_OfAnythingElse_IsRefused(SandboxState state) =>
        Assert.Equal(
            new SandboxError.WrongState(SandboxId.Parse("box"), state, SandboxEvent.Archive),
            Refused(_moves.Archive(Given.Sandbox(state), Given.Now)));

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

        Assert.IsType<SandboxError.CannotArchive>(Refused(_moves.Archive(stopped, Given.Now)));
    }

    [Fact]
    public void ArchiveDone_KeepsTheFactsAndTheArchivesOwnDeadline()
    {
        var move = Decided(_moves.ArchiveDone(Given.Sandbox(SandboxState.Archiving), Facts, Given.Now));

        Assert.Equal((SandboxState.Archived, Given.Now, Facts), (move.Next.State, move.Next.ArchivedAt, move.Next.Archive));
        Assert.Equal((SandboxState.Deleted, Given.Now.AddDays(7)), (move.Next.AutoTransitionState, move.Next.AutoTransitionAt));
    }

    [Fact]
    public void ArchiveFailed_IsStoppedAsBeforeAndDiscardsWhatWasPutAway()
    {
        var stoppedAt = Given.Now.AddHours(-3);
        var archiving = Given.Sandbox(SandboxState.Archiving) with { StoppedAt = stoppedAt, Phases = [.. SandboxPhase.BeforeArchive] };

        var move = Decided(_moves.ArchiveFailed(archiving, PhaseStatus.Failed, "the store is full", Given.Now));

        Assert.Equal(
            (SandboxState.Stopped, "the store is full", stoppedAt, null),
            (move.Next.State, move.Next.Reason, move.Next.StoppedAt, move.Next.ArchivedAt));
        Assert.Equal((SandboxState.Deleted, Given.Now.AddHours(1)), (move.Next.AutoTransitionState, move.Next.AutoTransitionAt));
        Assert.Equal(
            (SandboxPhase.ImageArchive, PhaseStatus.Failed, "the store is full"),
            (move.Next.Phases[0].Name, move.Next.Phases[0].Status, move.Next.Phases[0].Message));
        AssertAbout<DiscardArchiveJob>(move, archiving.Incarnation);
    }

    [Fact]
    public void ArchiveFailed_WhereTheServerDeletesNothing_WaitsForSomebody()
    {
        var moves = new SandboxTransitions(new AutoPolicy(new LifecycleOptions(), canArchive: true));

        Assert.Null(
            Decided(moves.ArchiveFailed(Given.Sandbox(SandboxState.Archiving), PhaseStatus.Failed, "no", Given.Now)).Next.AutoTransitionAt);
    }

    [Fact]
    public void Restore_BeginsANewIncarnationAndKeepsTheArchive()
    {
        var archived = Archived(SandboxState.Archived);

        var move = Decided(_moves.Restore(archived, Given.Now));

        Assert.Equal(
            (SandboxState.Pending, Given.Now.AddMinutes(30), Facts), (move.Next.State, move.Next.TransientDeadline, move.Next.Archive));
        Assert.NotEqual(archived.Incarnation, move.Next.Incarnation);
        Assert.True(move.Next.IsRestoring);
        AssertAbout<RestoreSandboxJob>(move, move.Next.Incarnation);
    }

    [Fact]
    public void Restore_WithoutAnArchive_IsRefused() =>
        Assert.IsType<SandboxError.CannotArchive>(Refused(_moves.Restore(Given.Sandbox(SandboxState.Archived), Given.Now)));

    [Fact]
    public void Alive_AfterARestore_DiscardsTheArchive()
    {
        var move = Decided(SandboxTransitions.Alive(Archived(SandboxState.Pending), Given.Now));

        Assert.Equal((SandboxState.Running, null, null), (move.Next.State, move.Next.Archive, move.Next.ArchivedAt));
        AssertAbout<DiscardArchiveJob>(move, Facts.Incarnation);
    }

    [Fact]
    public void StartFailed_OfARestore_IsArchivedAgainWithItsReason()
    {
        var restoring = Archived(SandboxState.Pending);

        var move = Decided(_moves.StartFailed(restoring, SandboxPhase.ImagePull, PhaseStatus.Failed, "its bytes have changed", Given.Now));

        Assert.Equal(
            (SandboxState.Archived, SandboxEvent.RestoreFailed, "its bytes have changed"),
            (move.Next.State, move.Next.History[^1].On, move.Next.Reason));
        Assert.Equal(
            (Facts, restoring.ArchivedAt, PhaseStatus.Failed), (move.Next.Archive, move.Next.ArchivedAt, move.Next.Phases[0].Status));
        Assert.Equal((SandboxState.Deleted, Given.Now.AddDays(7)), (move.Next.AutoTransitionState, move.Next.AutoTransitionAt));
        AssertAbout<RemoveSandboxJob>(move, restoring.Incarnation);
    }

    [Fact]
    public void Stop_OfARestore_GivesItUpAndKeepsTheArchive()
    {
        var move = Decided(_moves.Stop(Archived(SandboxState.Pending), StopReason.Asked, Given.Now));

        Assert.Equal((SandboxState.Archived, Facts), (move.Next.State, move.Next.Archive));
    }

    [Fact]
    public void Delete_OfAnArchivedSandbox_DiscardsItsArchive()
    {
        var move = Decided(SandboxTransitions.Delete(Archived(SandboxState.Archived), Given.Now));

        Assert.Equal(SandboxState.Deleted, move.Next.State);
        AssertAbout<DiscardArchiveJob>(move, Facts.Incarnation);
    }

    [Fact]
    public void Due_OfAnAutomaticArchive_ArchivesOnlyWhereThatWasPossibleWhenItStopped()
    {
        var spec = Given.Spec with { AutoArchive = TimeSpan.FromHours(1) };
        var running = Given.Sandbox(SandboxState.Running) with { Spec = spec };
        var stopped = Decided(_moves.Stop(running, StopReason.Asked, Given.Now)).Next;
        var without = Decided(new SandboxTransitions(new AutoPolicy(new LifecycleOptions())).Stop(running, StopReason.Asked, Given.Now))
            .Next;

        Assert.Null(_moves.Due(stopped, Given.Now.AddMinutes(59)));
        Assert.Equal(SandboxState.Archiving, _moves.Due(stopped, Given.Now.AddHours(1))!.Next.State);
        Assert.Equal(Given.Now.AddHours(1), without.AutoTransitionAt);
        Assert.Null(_moves.Due(without, Given.Now.AddYears(1)));
    }

    [Theory]
    [InlineData(SandboxState.Archiving, SandboxState.Stopped, "not archived 1800 s after it was asked for")]
    [InlineData(SandboxState.Pending, SandboxState.Archived, "not restored 1800 s after it was asked for")]
    public void Due_OfAPassingState_LeadsBackWithTheReason(SandboxState passing, SandboxState back, string reason)
    {
        var record = Archived(passing) with { TransientDeadline = Given.Now, Archive = passing is SandboxState.Pending ? Facts : null };

        Assert.Null(_moves.Due(record, Given.Now.AddTicks(-1)));
        var move = _moves.Due(record, Given.Now);

        Assert.Equal((back, reason), (move?.Next.State, move?.Next.Reason));
        Assert.Contains(move!.Next.Phases, phase => phase.Status is PhaseStatus.Timeout);
    }

    private static SandboxInstance Archived(SandboxState state) =>
        Given.Sandbox(state) with { Archive = Facts, ArchivedAt = Given.Now.AddHours(-2) };

    private static SandboxTransition Decided(Result<SandboxTransition> decided)
    {
        Assert.True(decided.TryGet(out var move, out var error), error?.Text);
        return move;
    }

    private static SandboxError Refused(Result<SandboxTransition> decided)
    {
        Assert.False(decided.TryGet(out var move, out var error), $"it was to be refused, and became {move?.Next.State}");
        return error;
    }

    private static void AssertAbout<TJob>(SandboxTransition move, IncarnationId incarnation)
        where TJob : SandboxJob
    {
        var job = Assert.IsType<TJob>(move.Job);
        Assert.Equal((move.Next.Id, move.Next.Version, incarnation), (job.SandboxId, job.SandboxVersion, job.Incarnation));
    }
}
