using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Tests.Lifecycle;

public sealed class SandboxInstanceTests
{
    public static TheoryData<SandboxState, SandboxEvent> Pairs() =>
        new MatrixTheoryData<SandboxState, SandboxEvent>(Enum.GetValues<SandboxState>(), Enum.GetValues<SandboxEvent>());

    [Theory]
    [MemberData(nameof(Pairs))]
    public void After_OfEveryPair_MovesOneVersionOnWithOneLineOfHistoryOrSaysWhyNot(SandboxState from, SandboxEvent on)
    {
        var record = Given.Sandbox(from);

        var moved = record.Apply(on, Given.Now).TryGet(out var next, out var error);

        Assert.Equal(SandboxLifecycle.TryNext(from, on, out var to), moved);
        if (!moved)
        {
            Assert.Equal(new SandboxError.WrongState(record.Id, from.Name(), on.Name()), error);
        }
        else if (to == from)
        {
            Assert.Same(record, next);
        }
        else
        {
            Assert.Equal((to, record.Version + 1), (next!.State, next.Version));
            Assert.Equal(new StateChange(from, to, on, Given.Now), Assert.Single(next.History));
            Assert.Equal((null, null, null), (next.TransientDeadline, next.AutoTransitionAt, next.AutoTransitionState));
        }
    }

    [Fact]
    public void WrongState_SaysWhatItIsAndWhatIsNotPossible() =>
        Assert.Equal(
            "Sandbox box is deleted; restart is not possible now.",
            new SandboxError.WrongState(Given.Sandbox().Id, "deleted", "restart").Text);

    [Fact]
    public void After_Alive_StartsTheIdleTime()
    {
        var running = Given.Sandbox().Apply(SandboxEvent.Alive);

        Assert.Equal(Given.Now, running.StartedAt);
        Assert.Equal(Given.Now + running.Spec.IdleTimeout, running.IdleDeadline);
    }

    [Fact]
    public void After_Stop_EndsTheIdleTime()
    {
        var stopped = Given.Sandbox(SandboxState.Running).Apply(SandboxEvent.Stop);

        Assert.Equal((Given.Now, null), (stopped.StoppedAt, stopped.IdleDeadline));
    }

    [Theory]
    [InlineData(4094, true)]
    [InlineData(4095, true)]
    [InlineData(4096, false)]
    public void After_Delete_KeepsWhatAStatusShows_AndOfMetadataNotMuch(int length, bool isKept)
    {
        var metadata = new Dictionary<string, string> { ["k"] = new string('v', length) };
        var stopped = Given.Sandbox(SandboxState.Stopped);

        var deleted = (stopped with
        {
            LiveSnapshot = "{}",
            Spec = stopped.Spec with { Metadata = metadata, Env = metadata, ExtendedParams = metadata, DockerArgs = ["--shm-size=1m"] },
        }).Apply(SandboxEvent.Delete);

        Assert.Equal(
            (stopped.Spec.Image, stopped.Spec.MemoryBytes, null), (deleted.Spec.Image, deleted.Spec.MemoryBytes, deleted.LiveSnapshot));
        Assert.Equal(
            (isKept ? 1 : 0, 0, 0, 0),
            (deleted.Spec.Metadata.Count, deleted.Spec.Env.Count, deleted.Spec.ExtendedParams.Count, deleted.Spec.DockerArgs.Count));
    }

    [Fact]
    public void After_Restart_ForgetsTheTimesAndPhasesOfTheLifeBefore()
    {
        var stopped = Given.Sandbox().Apply(SandboxEvent.Alive).Apply(SandboxEvent.Stop) with { Phases = [], Reason = "lost" };

        var pending = stopped.Apply(SandboxEvent.Restart);

        Assert.Equal((null, null, null, null), (pending.StartedAt, pending.StoppedAt, pending.IdleDeadline, pending.Reason));
        Assert.Equal(SandboxPhase.BeforeStart, pending.Phases);
        Assert.Equal(stopped.Incarnation, pending.Incarnation);
    }

    [Fact]
    public void After_Delete_KeepsWhenItHappened() =>
        Assert.Equal(Given.Now, Given.Sandbox(SandboxState.Stopped).Apply(SandboxEvent.Delete).DeletedAt);

    [Fact]
    public void History_BeyondItsLimit_KeepsTheLast()
    {
        var record = Given.Sandbox(SandboxState.Stopped);
        for (var i = 0; i < 60; i++)
        {
            record = record.Apply(SandboxEvent.Restart).Apply(SandboxEvent.Stop);
        }

        Assert.Equal(SandboxInstance.HistoryLimit, record.History.Count);
        Assert.Equal(SandboxEvent.Stop, record.History[^1].On);
    }
}
