using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Tests.Stores;

public sealed class LiveFieldsTests
{
    [Fact]
    public void Allowed_IsTheContractsListWithoutTheEnvironment() => Assert.Equal(33, LiveFields.Allowed.Count);

    [Theory]
    [InlineData("spec")]
    [InlineData("status")]
    [InlineData("version")]
    [InlineData("incarnation")]
    [InlineData("rock_authorization")]
    [InlineData("registry_password")]
    [InlineData("env")]
    [InlineData("HOST_IP")]
    public void Pick_OfAnythingNotDeclared_DropsIt(string field) =>
        Assert.Equal(["image"], LiveFields.Pick(new Dictionary<string, object?> { [field] = "x", ["image"] = "busybox" }).Keys);

    [Fact]
    public void Of_ARecord_HoldsDeclaredFieldsOnly()
    {
        var fields = LiveFields.Of(Given.Sandbox(SandboxState.Running) with { HostIp = "10.0.0.1", LiveSnapshot = "{}", Reason = "r" });

        Assert.Empty(fields.Keys.Except(LiveFields.Allowed));
        Assert.Equal(("running", "busybox", "10.0.0.1"), ((string)fields["state"]!, (string)fields["image"]!, (string)fields["host_ip"]!));
    }

    [Fact]
    public void Of_ARecordWithAnEnvironment_SaysNothingOfIt()
    {
        var sandbox = Given.Sandbox();
        var with = sandbox with { Spec = sandbox.Spec with { Env = new Dictionary<string, string> { ["TOKEN"] = "env-secret" } } };

        Assert.DoesNotContain("env", LiveFields.Of(with).Keys);
    }

    [Fact]
    public void Of_ARecordWithoutAHost_DoesNotNameOne() => Assert.DoesNotContain("host_ip", LiveFields.Of(Given.Sandbox()).Keys);
}
