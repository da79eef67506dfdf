using System.ComponentModel.DataAnnotations;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Policies;

public sealed class DeploymentManagerTests
{
    private const string TooLongForTheKernel = "env: 'A' has more than the 131071 bytes that the kernel takes with its name";

    private readonly SpecLimits _limits = new();
    private readonly SecurityPolicy _security = new();
    private readonly LifecycleOptions _lifecycle = new();

    private static StartRequest Request { get; } = new() { Image = "busybox" };

    [Fact]
    public void Prepare_OfABareRequest_HasRocksDefaults()
    {
        var record = Prepared(Request);

        Assert.Matches("^[0-9a-f]{32}$", record.Id.ToString());
        Assert.Equal((SandboxState.Pending, 1L, Given.Now), (record.State, record.Version, record.CreatedAt));
        Assert.Equal(Given.Now.AddSeconds(600), record.TransientDeadline);
        Assert.Equal(SandboxPhase.BeforeStart, record.Phases);
        var spec = record.Spec;
        Assert.Equal((8L << 30, 2.0, 50L << 30), (spec.MemoryBytes, spec.Cpus, spec.DiskBytes));
        Assert.Equal((TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(600)), (spec.IdleTimeout, spec.StartupTimeout));
        Assert.Equal((PullPolicy.Missing, NetworkMode.Bridge, 4096), (spec.Pull, spec.Network, spec.PidsLimit));
        Assert.Equal((true, null, null), (spec.RemoveContainer, spec.AutoArchive, spec.AutoDelete));
        Assert.Equal((false, false, false), (spec.Privileged, spec.AllowPrivilegeGain, spec.UseKata));
        Assert.Equal(("standalone", "local", TimeSpan.FromMinutes(10)), (spec.Role, spec.Environment, spec.AgentGrace));
        Assert.Equal(new SandboxOwner(), record.Owner);
    }

    [Fact]
    public void Prepare_WithALongestLife_WritesItIntoTheConfiguration()
    {
        Assert.Null(Prepared(Request).Spec.MaxLifetime);
        _lifecycle.MaxLifetime = TimeSpan.FromHours(8);

        Assert.Equal(TimeSpan.FromHours(8), Prepared(Request).Spec.MaxLifetime);
    }

    [Fact]
    public void Prepare_Twice_GivesIdAndIncarnationOfTheirOwn()
    {
        var (one, other) = (Prepared(Request), Prepared(Request));

        Assert.NotEqual(one.Id, other.Id);
        Assert.NotEqual(one.Incarnation, other.Incarnation);
    }

    [Fact]
    public void Prepare_OfEverything_CarriesItIntoTheSpec()
    {
        var record = Prepared(Request with
        {
            SandboxId = "My.box-1",
            Pull = "always",
            Memory = "1.5g",
            Cpus = 0.5,
            LimitCpus = 1,
            Disk = "10Gi",
            AutoClearTimeMinutes = 5,
            AutoDeleteSeconds = 3600,
            StartupTimeout = 700,
            Network = "none",
            AllowPrivilegeGain = true,
            PidsLimit = 100,
            NumGpus = 1,
            AcceleratorType = "A100",
            RegistryUsername = "me",
            RegistryPassword = "secret",
            Env = new Dictionary<string, string> { ["A"] = "b=c" },
            Metadata = new Dictionary<string, string> { ["k"] = "v" },
            DockerArgs = ["--shm-size=64m", "--platform", "linux/amd64"],
            RemoveImage = true,
            AgentGraceSeconds = 60,
        });

        var spec = record.Spec;
        Assert.Equal("My.box-1", record.Id.ToString());
        Assert.Equal((3L << 29, 0.5, 1.0, 10L << 30), (spec.MemoryBytes, spec.Cpus, spec.LimitCpus, spec.DiskBytes));
        Assert.Equal((TimeSpan.FromMinutes(5), TimeSpan.FromHours(1), false), (spec.IdleTimeout, spec.AutoDelete, spec.RemoveContainer));
        Assert.Equal((PullPolicy.Always, NetworkMode.None, 100), (spec.Pull, spec.Network, spec.PidsLimit));
        Assert.Equal(("linux/amd64", "me", true, true), (spec.Platform, spec.RegistryUsername, spec.RemoveImage, spec.AllowPrivilegeGain));
        Assert.Equal((TimeSpan.FromSeconds(700), TimeSpan.FromSeconds(60)), (spec.StartupTimeout, spec.AgentGrace));
        Assert.Equal(("b=c", "v"), (spec.Env["A"], spec.Metadata["k"]));
        Assert.DoesNotContain("secret", System.Text.Json.JsonSerializer.Serialize(record), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("../x")]
    [InlineData("-x")]
    public void Prepare_OfAMalformedId_IsBadId(string id) =>
        Assert.Equal(new SandboxError.BadId(id), Refused(Request with { SandboxId = id }));

    public static TheoryData<string, StartRequest> BadRequests() => new()
    {
        { "image: must not be blank", Request with { Image = "  " } },
        { "image: must not contain spaces or control characters", Request with { Image = "busy box" } },
        { "image: must not begin with '-'", Request with { Image = "--privileged" } },
        { "image: must have at most 512 characters", Request with { Image = new string('a', 513) } },
        { "image_os: 'windows' is not supported; only linux is", Request with { ImageOs = "windows" } },
        { "pull: 'often' is none of never, always, missing", Request with { Pull = "often" } },
        { "memory: '0g' must be more than zero", Request with { Memory = "0g" } },
        { "memory: '-1g' must be more than zero", Request with { Memory = "-1g" } },
        { "memory: 'abc' is not a size; write for example 512m or 8g", Request with { Memory = "abc" } },
        { "memory: '65g' is above the limit of 64g", Request with { Memory = "65g" } },
        { "memory: '99999999t' is not a size; write for example 512m or 8g", Request with { Memory = "99999999t" } },
        { "memory: '8' is below the least of 6m (without a unit it is bytes)", Request with { Memory = "8" } },
        { "cpus: 0 must be more than zero", Request with { Cpus = 0 } },
        { "cpus: -1 must be more than zero", Request with { Cpus = -1 } },
        { "cpus: must be a number", Request with { Cpus = double.NaN } },
        { "cpus: must be a number", Request with { Cpus = double.PositiveInfinity } },
        { "cpus: 16.5 is above the limit of 16", Request with { Cpus = 16.5 } },
        { "cpus: 0.001 is below the least of 0.01", Request with { Cpus = 0.001 } },
        { "limit_cpus: must not be below cpus", Request with { LimitCpus = 1 } },
        { "limit_cpus: 17 is above the limit of 16", Request with { LimitCpus = 17 } },
        { "disk: '0' must be more than zero", Request with { Disk = "0" } },
        { "disk: '257g' is above the limit of 256g", Request with { Disk = "257g" } },
        { "disk: 'big' is not a size; write for example 512m or 8g", Request with { Disk = "big" } },
        { "auto_clear_time_minutes: must be at least 1", Request with { AutoClearTimeMinutes = 0 } },
        { "auto_clear_time_minutes: must be at least 1", Request with { AutoClearTimeMinutes = int.MinValue } },
        { "auto_delete_seconds: must not be negative", Request with { AutoDeleteSeconds = -1 } },
        { "auto_archive_seconds: must not be negative", Request with { AutoArchiveSeconds = -1 } },
        { "startup_timeout: must not be negative", Request with { StartupTimeout = -1 } },
        { "startup_timeout: must be a number of seconds", Request with { StartupTimeout = double.NaN } },
        { "agent_grace_seconds: 0 must be at least 1 seconds", Request with { AgentGraceSeconds = 0 } },
        { "agent_grace_seconds: must be a number of seconds", Request with { AgentGraceSeconds = double.PositiveInfinity } },
        { "agent_grace_seconds: 90000 must be at most 86400 seconds", Request with { AgentGraceSeconds = 90000 } },
        { "pids_limit: must be more than zero", Request with { PidsLimit = 0 } },
        { "pids_limit: 65537 is above the limit of 65536", Request with { PidsLimit = 65537 } },
        { "network: 'host' is none of bridge, none", Request with { Network = "host" } },
        { "num_gpus: must be zero or more", Request with { NumGpus = -1 } },
        { "num_gpus: must be zero or more", Request with { NumGpus = double.NaN } },
        { "accelerator_type: 'abacus' is not known here", Request with { AcceleratorType = "abacus" } },
        { "env: the name of a variable must not be empty", Request with { Env = Map("", "v") } },
        { "env: 'A=B' must not contain '='", Request with { Env = Map("A=B", "v") } },
        { "env: the name of a variable must not contain NUL", Request with { Env = Map("A\0", "v") } },
        { "env: the value of 'A' must not contain NUL", Request with { Env = Map("A", "v\0") } },
        { TooLongForTheKernel, Request with { Env = Map("A", new string('漢', 50000)) } },
        { TooLongForTheKernel, Request with { Env = Map("A", new string('é', 65535)) } },
        { "env: all names and values together must not exceed 64k characters", Request with { Env = Map("A", new string('v', 65536)) } },
        { "metadata: all names and values together must not exceed 16k characters",
            Request with { Metadata = Map("A", new string('v', 16384)) } },
        { "extended_params: all names and values together must not exceed 64k characters",
            Request with { ExtendedParams = Map("A", new string('v', 65536)) } },
        { "docker_args: --shm-size is above the sandbox's memory", Request with { Memory = "64m", DockerArgs = ["--shm-size=1g"] } },
        { "docker_args: --hostname cannot be 'a b'", Request with { DockerArgs = ["--hostname=a b"] } },
        {
            "platform: is given in docker_args and in extended_params; give it once",
            Request with { DockerArgs = ["--platform=linux/arm64"], ExtendedParams = Map("platform", "linux/arm64") }
        },
        { "extended_params: platform cannot be 'a b'", Request with { ExtendedParams = Map("platform", "a b") } },
        { "remote.host: must be a scheme and a host, for example http://127.0.0.1",
            Request with { Remote = new RemoteAgentRequest("localhost", 80) } },
        { "remote.host: must be a scheme and a host, for example http://127.0.0.1",
            Request with { Remote = new RemoteAgentRequest("http://a/b", 80) } },
        { "remote.host: must be a scheme and a host, for example http://127.0.0.1",
            Request with { Remote = new RemoteAgentRequest("file:///etc", 80) } },
        { "remote.port: must be between 1 and 65535", Request with { Remote = new RemoteAgentRequest("http://127.0.0.1", 0) } },
    };

    [Theory]
    [MemberData(nameof(BadRequests), DisableDiscoveryEnumeration = true)]
    public void Prepare_OfWhatCannotBe_SaysWhichFieldAndWhy(string text, StartRequest request)
    {
        var error = Refused(request);

        Assert.IsType<SandboxError.BadSpec>(error);
        Assert.Equal(text, error.Text);
    }

    [Fact]
    public void Prepare_OfADockerArgumentOffTheList_NamesIt() =>
        Assert.StartsWith(
            "docker_args: '--privileged' is not allowed", Refused(Request with { DockerArgs = ["--privileged"] }).Text,
            StringComparison.Ordinal);

    [Fact]
    public void Prepare_OfAPlatformInTheExtendedParameters_TakesIt() =>
        Assert.Equal("linux/arm64", Prepared(Request with { ExtendedParams = Map("platform", "linux/arm64") }).Spec.Platform);

    [Fact]
    public void Prepare_OfWhatThePolicyForbids_IsForbidden()
    {
        Assert.Equal("This server does not allow privileged sandboxes.", Forbidden(Request with { Privileged = true }));
        Assert.Equal("This server does not allow sandboxes of the kata runtime.", Forbidden(Request with { UseKataRuntime = true }));
        Assert.Equal(
            "This server does not allow sandboxes at this remote agent (Security:AllowedRemoteHosts).",
            Forbidden(Request with { Remote = new RemoteAgentRequest("http://127.0.0.1", 80) }));
        _security.Disk = "required";
        Assert.Equal(
            "This server does not allow sandboxes without a disk limit (Security:Disk).", Forbidden(Request with { Disk = null }));
        _security.AllowPrivilegeGain = false;
        Assert.Equal(
            "This server does not allow sandboxes that may gain privileges.", Forbidden(Request with { AllowPrivilegeGain = true }));

        string Forbidden(StartRequest request) => Assert.IsType<SandboxError.Forbidden>(Refused(request)).Text;
    }

    [Fact]
    public void Prepare_OfWhatThePolicyAllows_IsInTheSpec()
    {
        (_security.AllowPrivileged, _security.AllowKata) = (true, true);

        var spec = Prepared(Request with { Privileged = true, UseKataRuntime = true }).Spec;

        Assert.True(spec.Privileged && spec.UseKata);
    }

    [Theory]
    [InlineData(null, 600)]
    [InlineData(0.0, 600)]
    [InlineData(700.5, 700.5)]
    [InlineData(5000.0, 1800)]
    [InlineData(double.PositiveInfinity, 1800)]
    public void Prepare_OfAStartupTime_ClampsIt(double? asked, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Prepared(Request with { StartupTimeout = asked }).Spec.StartupTimeout);

    [Fact]
    public void Prepare_WithALowerBoundOfStartup_GoesDownToIt()
    {
        _limits.MinStartup = TimeSpan.FromSeconds(1);

        Assert.Equal(TimeSpan.FromSeconds(2), Prepared(Request with { StartupTimeout = 2 }).Spec.StartupTimeout);
    }

    [Fact]
    public void Prepare_OfAnExplicitlyMissingDisk_TakesTheServersDefault()
    {
        Assert.Null(Prepared(Request with { Disk = null }).Spec.DiskBytes);
        _limits.DefaultDisk = "20g";
        Assert.Equal(20L << 30, Prepared(Request with { Disk = null }).Spec.DiskBytes);
    }

    [Fact]
    public void Prepare_OfAnAcceleratorOfThisInstallation_IsAccepted()
    {
        _limits.ExtraAcceleratorTypes = ["abacus"];

        Assert.Equal("Abacus", Prepared(Request with { AcceleratorType = "Abacus" }).Spec.AcceleratorType);
    }

    [Theory]
    [InlineData(0, true, 0)]
    [InlineData(int.MaxValue, false, int.MaxValue)]
    public void Prepare_OfAnAutomaticDelete_KeepsTheContainerUnlessItIsAtOnce(int asked, bool atOnce, double delay)
    {
        var spec = Prepared(Request with { AutoDeleteSeconds = asked }).Spec;

        Assert.Equal((atOnce, TimeSpan.FromSeconds(delay)), (spec.RemoveContainer, spec.AutoDelete));
    }

    [Fact]
    public void Prepare_OfTheLongestIdleTime_StaysATime()
    {
        var record = Prepared(Request with { AutoClearTimeMinutes = int.MaxValue });

        Assert.True(record.Apply(SandboxEvent.Alive).IdleDeadline > Given.Now.AddYears(4000), "some 4,000 years is what was asked for");
    }

    [Theory]
    [InlineData("127.0.0.1", "http://127.0.0.1", 9000, true)]
    [InlineData("127.0.0.1:9000", "http://127.0.0.1", 9000, true)]
    [InlineData("Agents.example:80", "http://agents.EXAMPLE", 80, true)]
    [InlineData("[::1]:9000", "http://[::1]", 9000, true)]
    [InlineData("127.0.0.1:9000", "http://127.0.0.1", 9001, false)]
    [InlineData("127.0.0.1:9000", "http://127.0.0.1.attacker.example", 9000, false)]
    [InlineData("agents.example", "http://x.agents.example", 80, false)]
    [InlineData("agents.example", "http://169.254.169.254", 80, false)]
    public void Prepare_WithARemoteAgent_IsOnlyForAListedHost(string allowed, string host, int port, bool isAllowed)
    {
        _security.AllowedRemoteHosts = [allowed];

        var prepared = Prepare(Request with { Remote = new RemoteAgentRequest(host, port) });

        Assert.Equal(isAllowed, prepared.TryGet(out _, out var error));
        Assert.True(isAllowed || error is SandboxError.Forbidden, error?.Text);
    }

    [Theory]
    [InlineData("http://agents.example")]
    [InlineData("agents.example/path")]
    [InlineData("two hosts")]
    [InlineData("")]
    public void AllowedRemoteHosts_WithWhatIsNoHost_AreRefused(string entry) =>
        Assert.Single(new SecurityPolicy { AllowedRemoteHosts = [entry] }.Validate(new ValidationContext(_security)));

    [Theory]
    [InlineData("metadata")]
    [InlineData("extended_params")]
    public void Prepare_OfAMapWithANul_NamesIt(string field)
    {
        foreach (var map in (Dictionary<string, string>[])[Map("a\0b", "c"), Map("a", "b\0c")])
        {
            var refused = Refused(field is "metadata" ? Request with { Metadata = map } : Request with { ExtendedParams = map });

            Assert.StartsWith($"{field}: names and values must not contain NUL", refused.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Prepare_WithARemoteAgent_IsRemote()
    {
        _security.AllowedRemoteHosts = ["127.0.0.1"];

        var spec = Prepared(Request with { Remote = new RemoteAgentRequest("http://127.0.0.1", 9000) }).Spec;

        Assert.Equal(DeploymentKind.Remote, spec.Deployment);
        Assert.Equal(new RemoteAgent("http://127.0.0.1", 9000, TimeSpan.FromMilliseconds(150)), spec.Remote);
    }

    private static Dictionary<string, string> Map(string key, string value) => new() { [key] = value };

    private Result<SandboxInstance> Prepare(StartRequest request) =>
        new DeploymentManager(_limits, _security, _lifecycle, new AutoPolicy(_lifecycle))
            .Prepare(request, new SandboxOwner(), DeploymentKind.Docker, Given.Now);

    private SandboxInstance Prepared(StartRequest request)
    {
        Assert.True(Prepare(request).TryGet(out var record, out var error), error?.Text);
        return record;
    }

    private SandboxError Refused(StartRequest request)
    {
        Assert.False(Prepare(request).TryGet(out _, out var error), "it was accepted");
        return error;
    }
}
