using Docker.DotNet.Models;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Policies;
using Version = System.Version;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>How what an engine says of itself is judged.</summary>
public sealed class EngineChecksTests
{
    [Fact]
    public void Engine_WithAllThatIsPromised_HasNothingToWarnOf()
    {
        var checks = EngineChecks.Of(Whole(), Facts(canLimitDisk: true), new SecurityPolicy()).ToList();

        Assert.Equal(
            ["engine", "seccomp", "mandatory_access", "user_namespaces", "limits", "runtimes", "disk_limits"],
            checks.Select(check => check.Name));
        Assert.All(checks, check => Assert.True(check.Status is DiagnosticCheck.Ok, $"{check}"));
    }

    [Theory]
    [InlineData("name=apparmor", "name=userns")]
    [InlineData("name=seccomp,profile=unconfined", "name=userns")]
    public void Seccomp_ThatIsOff_BreaksAPromise(params string[] options) =>
        Assert.Equal(DiagnosticCheck.Failed, StatusOf("seccomp", info => info.SecurityOptions = options));

    [Fact]
    public void Seccomp_WithAProfileOfTheOperators_IsOn() =>
        Assert.Equal(
            DiagnosticCheck.Ok, StatusOf("seccomp", info => info.SecurityOptions = ["name=seccomp,profile=/etc/docker/strict.json"]));

    [Fact]
    public void Limit_ThatTheKernelDoesNotHave_BreaksAPromise()
    {
        Assert.Equal(DiagnosticCheck.Failed, StatusOf("limits", info => info.MemoryLimit = false));
        Assert.Equal(DiagnosticCheck.Failed, StatusOf("limits", info => info.PidsLimit = false));
        Assert.Equal(DiagnosticCheck.Failed, StatusOf("limits", info => info.CPUCfsQuota = false));
        Assert.Equal(DiagnosticCheck.Warning, StatusOf("limits", info => info.SwapLimit = false));
    }

    [Fact]
    public void Engine_WithoutUserNamespacesOrMandatoryAccessOrLiveRestore_IsWarnedOf()
    {
        string[] plain = ["name=seccomp,profile=default"];

        Assert.Equal(DiagnosticCheck.Warning, StatusOf("user_namespaces", info => info.SecurityOptions = plain));
        Assert.Equal(DiagnosticCheck.Warning, StatusOf("mandatory_access", info => info.SecurityOptions = plain));
        Assert.Equal(DiagnosticCheck.Warning, StatusOf("engine", info => info.LiveRestoreEnabled = false));
    }

    [Fact]
    public void DiskLimits_ThatTheStorageDriverCannotEnforce_AreWarnedOf()
    {
        var check = Assert.Single(
            EngineChecks.Of(Whole(), Facts(canLimitDisk: false), new SecurityPolicy()), check => check.Name == "disk_limits");

        Assert.Equal(DiagnosticCheck.Warning, check.Status);
        Assert.StartsWith("overlay2 on xfs", check.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Kata_ThatIsAllowedAndNotInstalled_IsWarnedOf()
    {
        var checks = EngineChecks.Of(Whole(), Facts(canLimitDisk: true), new SecurityPolicy { AllowKata = true });

        Assert.Equal(DiagnosticCheck.Warning, Assert.Single(checks, check => check.Name == "runtimes").Status);
    }

    private static string StatusOf(string name, Action<SystemInfoResponse> change)
    {
        var info = Whole();
        change(info);
        return Assert.Single(
            EngineChecks.Of(info, Facts(canLimitDisk: true), new SecurityPolicy()), check => check.Name == name).Status;
    }

    private static EngineFacts Facts(bool canLimitDisk) => new("x86_64", canLimitDisk, "/var/lib/docker", new Version(1, 47));

    private static SystemInfoResponse Whole() => new()
    {
        ServerVersion = "28.0.0",
        OperatingSystem = "Debian GNU/Linux 12",
        LiveRestoreEnabled = true,
        SecurityOptions = ["name=apparmor", "name=seccomp,profile=builtin", "name=userns"],
        CgroupVersion = "2",
        CgroupDriver = "systemd",
        MemoryLimit = true,
        SwapLimit = true,
        PidsLimit = true,
        CPUCfsQuota = true,
        Driver = "overlay2",
        DriverStatus = [["Backing Filesystem", "xfs"]],
        DefaultRuntime = "runc",
    };
}
