using Microsoft.Extensions.Time.Testing;
using Sandbox.Api.Gateway;

namespace Sandbox.Api.Tests.Gateway;

public sealed class CallerAllowanceTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Requests_BeyondTheMinutes_WaitForTheirTime()
    {
        var allowance = new CallerAllowance(2, 0, 0, _time);
        Assert.Equal((null, null), (allowance.TryBegin(), allowance.TryBegin()));

        Assert.Equal(TimeSpan.FromSeconds(30), allowance.TryBegin());

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(allowance.TryBegin());
    }

    [Fact]
    public void Tokens_ThatWereTakenTooMany_AreMadeUpFor()
    {
        var allowance = new CallerAllowance(0, 60, 0, _time);
        Assert.Null(allowance.TryBegin());
        allowance.End(89);

        Assert.Equal(TimeSpan.FromSeconds(30), allowance.TryBegin());

        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(allowance.TryBegin());
    }

    [Fact]
    public void Requests_AtTheSameTime_AreBounded_UntilOneEnds()
    {
        var allowance = new CallerAllowance(0, 0, 1, _time);
        Assert.Null(allowance.TryBegin());
        Assert.NotNull(allowance.TryBegin());

        allowance.End(5);

        Assert.Null(allowance.TryBegin());
    }

    [Fact]
    public void Request_ThatIsWithdrawn_CostsNothing()
    {
        var allowance = new CallerAllowance(1, 0, 1, _time);
        Assert.Null(allowance.TryBegin());

        allowance.Withdraw();

        Assert.Null(allowance.TryBegin());
    }

    [Fact]
    public void Bounds_OfZero_AreNone()
    {
        var allowance = new CallerAllowance(0, 0, 0, _time);

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Null(allowance.TryBegin()));
    }
}
