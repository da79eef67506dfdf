using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Tests.Lifecycle;

public sealed class FactMergeTests
{
    [Fact]
    public void Keep_OfFactsTheWriterDidNotTouch_TakesWhatIsThereNow()
    {
        var read = Given.Sandbox();
        var current =
            read with
            {
                HostIp = "10.0.0.1",
                EffectiveDiskBytes = 5,
                EffectiveLogBytes = 4,
                Phases = [read.Phases[0] with { Status = PhaseStatus.Success }]
            };

        var kept = FactMerge.Keep(read with { State = SandboxState.Running }, read, current);

        Assert.Equal(
            ("10.0.0.1", 5L, 4L, SandboxState.Running), (kept.HostIp, kept.EffectiveDiskBytes, kept.EffectiveLogBytes, kept.State));
        Assert.Same(current.Phases, kept.Phases);
    }

    [Fact]
    public void Keep_OfFactsTheWriterChanged_TakesTheWriters()
    {
        var read = Given.Sandbox() with { Reason = "old", IdleDeadline = Given.Now };
        var current = read with { Reason = "amended", IdleDeadline = Given.Now.AddHours(1) };

        var kept = FactMerge.Keep(read with { Reason = null, IdleDeadline = null, Phases = [] }, read, current);

        Assert.Equal((null, null), (kept.Reason, kept.IdleDeadline));
        Assert.Empty(kept.Phases);
    }

    [Fact]
    public void Keep_OfAHost_NeverOverwritesItWithNone()
    {
        var read = Given.Sandbox() with { HostIp = "10.0.0.1" };

        Assert.Equal("10.0.0.1", FactMerge.Keep(read with { HostIp = null }, read, read).HostIp);
    }
}
