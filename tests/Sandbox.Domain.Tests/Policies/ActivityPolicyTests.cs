using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;

namespace Sandbox.Domain.Tests.Policies;

public sealed class ActivityPolicyTests
{
    [Theory]
    [InlineData(1800, 30)]
    [InlineData(120, 30)]
    [InlineData(60, 15)]
    [InlineData(1, 0.25)]
    public void StepOf_AnIdleTime_IsAQuarterOfItOrHalfAMinute(double idle, double step) =>
        Assert.Equal(TimeSpan.FromSeconds(step), ActivityPolicy.StepOf(TimeSpan.FromSeconds(idle)));

    [Fact]
    public void Touch_WithinAStep_IsNotWorthAWrite()
    {
        var running = Given.Sandbox(SandboxState.Running);

        Assert.Null(ActivityPolicy.Touch(running, Given.Now));
        Assert.Null(ActivityPolicy.Touch(running, Given.Now.AddSeconds(30).AddTicks(-1)));
        Assert.Null(ActivityPolicy.Touch(running, Given.Now.AddHours(-1)));
    }

    [Fact]
    public void Touch_AfterAStep_MovesTheDeadlineOn() =>
        Assert.Equal(
            Given.Now.AddSeconds(30).AddMinutes(30),
            ActivityPolicy.Touch(Given.Sandbox(SandboxState.Running), Given.Now.AddSeconds(30))!.IdleDeadline);

    [Theory]
    [InlineData(SandboxState.Pending)]
    [InlineData(SandboxState.Stopped)]
    [InlineData(SandboxState.Deleted)]
    public void Touch_OfWhatDoesNotRun_IsNothing(SandboxState state) =>
        Assert.Null(ActivityPolicy.Touch(Given.Sandbox(state), Given.Now.AddDays(1)));

    [Fact]
    public void Touch_OfASandboxThatNeverIdlesOut_IsNothing() =>
        Assert.Null(ActivityPolicy.Touch(Given.Sandbox(SandboxState.Running) with { IdleDeadline = null }, Given.Now.AddDays(1)));

    [Fact]
    public void Touch_OfASandboxWithAFixedTimeout_IsNothing() =>
        Assert.Null(ActivityPolicy.Touch(
            Given.Sandbox(SandboxState.Running) with { Spec = Given.Spec with { HasFixedTimeout = true } }, Given.Now.AddMinutes(20)));

    [Fact]
    public void Deadlines_AreInclusive()
    {
        var running = Given.Sandbox(SandboxState.Running);

        Assert.False(Deadlines.IsIdle(running, Given.Now.AddMinutes(30).AddTicks(-1)));
        Assert.True(Deadlines.IsIdle(running, Given.Now.AddMinutes(30)));
        Assert.True(Deadlines.IsDue(running, Given.Now.AddMinutes(30)));
        Assert.False(Deadlines.IsStuck(running, Given.Now.AddDays(1)));
        Assert.True(Deadlines.IsStuck(Given.Sandbox(SandboxState.Pending), Given.Now.AddMinutes(10)));
        Assert.False(Deadlines.IsStuck(Given.Sandbox(SandboxState.Pending), Given.Now));
    }
}
