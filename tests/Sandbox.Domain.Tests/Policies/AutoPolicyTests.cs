using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;

namespace Sandbox.Domain.Tests.Policies;

public sealed class AutoPolicyTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    // asked archive, asked delete, server's bound → archive, delete, a stop deletes at once; all in seconds
    [Theory]
    [InlineData(null, null, null, null, null, true)]
    [InlineData(null, null, 60, null, 60, false)]
    [InlineData(null, null, 0, null, 0, true)]
    [InlineData(null, 3600, null, null, 3600, false)]
    [InlineData(null, 3600, 60, null, 60, false)]
    [InlineData(null, 30, 60, null, 30, false)]
    [InlineData(null, 0, null, null, 0, true)]
    [InlineData(null, 3600, 0, null, 0, true)]
    [InlineData(3600, null, null, 3600, null, false)]
    [InlineData(3600, 10, null, 3600, null, false)]
    [InlineData(3600, null, 60, 60, null, false)]
    public void Resolve_OfWhatWasAsked_IsTheContractsTable(
        int? archive, int? delete, int? bound, int? toArchive, int? toDelete, bool atOnce)
    {
        var effective = new AutoPolicy(new LifecycleOptions { AutoDelete = Seconds(bound) }).Resolve(Seconds(archive), Seconds(delete));

        Assert.Equal(new AutoTransitions(Seconds(toArchive), Seconds(toDelete), atOnce), effective);
    }

    [Fact]
    public void Resolve_WhereTheServerKeepsContainers_AStopDeletesNothing() =>
        Assert.Equal(
            new AutoTransitions(null, null, false), new AutoPolicy(new LifecycleOptions { RemoveContainer = false }).Resolve(null, null));

    [Fact]
    public void WithDeadline_AfterAStop_IsAbsoluteFromTheSpec()
    {
        var stopped = Stopped(delete: Hour);

        Assert.Equal((SandboxState.Deleted, Given.Now + Hour), DeadlineOf(stopped, SandboxEvent.Stop));
        Assert.Equal((SandboxState.Deleted, Given.Now + Hour), DeadlineOf(stopped, SandboxEvent.Lost));
        Assert.Equal((SandboxState.Archived, Given.Now + Hour), DeadlineOf(Stopped(archive: Hour), SandboxEvent.Stop));
        Assert.Equal((null, null), DeadlineOf(Stopped(), SandboxEvent.Stop));
        Assert.Equal((null, null), DeadlineOf(Stopped(), SandboxEvent.StartFailed));
    }

    [Fact]
    public void WithDeadline_AfterAFailedStart_LeavesTimeToReadWhy()
    {
        Assert.Equal((SandboxState.Deleted, Given.Now.AddMinutes(10)), DeadlineOf(Stopped(atOnce: true), SandboxEvent.StartFailed));
        Assert.Equal(
            (SandboxState.Deleted, Given.Now.AddMinutes(10)),
            DeadlineOf(Stopped(delete: TimeSpan.Zero, atOnce: true), SandboxEvent.StartFailed));
        Assert.Equal((SandboxState.Deleted, Given.Now + Hour), DeadlineOf(Stopped(delete: Hour), SandboxEvent.StartFailed));
    }

    [Fact]
    public void WithDeadline_AfterALoss_LeavesTimeToRestart() =>
        Assert.Equal((SandboxState.Deleted, Given.Now.AddHours(24)), DeadlineOf(Stopped(atOnce: true), SandboxEvent.Lost));

    private static (SandboxState?, DateTimeOffset?) DeadlineOf(SandboxInstance stopped, SandboxEvent happened)
    {
        var with = new AutoPolicy(new LifecycleOptions()).WithDeadline(stopped, happened, Given.Now);
        return (with.AutoTransitionState, with.AutoTransitionAt);
    }

    private static SandboxInstance Stopped(TimeSpan? archive = null, TimeSpan? delete = null, bool atOnce = false) =>
        Given.Sandbox(SandboxState.Stopped) with
        {
            Spec = Given.Spec with { AutoArchive = archive, AutoDelete = delete, RemoveContainer = atOnce },
        };

    private static TimeSpan? Seconds(int? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
}
