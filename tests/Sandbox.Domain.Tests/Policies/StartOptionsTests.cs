using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Tests.Policies;

/// <summary>What starts get beside what their callers ask for.</summary>
public sealed class StartOptionsTests
{
    private readonly StartOptions _start = new();

    [Theory]
    [InlineData(2, 1.5, 3.5)]
    [InlineData(1, 8, 2)]
    [InlineData(15, 8, 16)]
    public void Cpus_WithHeadroom_AreAtMostTwiceAndAtMostTheLimit(double cpus, double headroom, double limit)
    {
        (_start.CpuOvercommitHeadroom, _start.CpuOvercommitKeyHashes) = (headroom, [StartOptions.Everything]);

        var spec = Prepared(new() { Image = "busybox", Cpus = cpus });

        Assert.Equal((cpus, limit), (spec.Cpus, spec.LimitCpus));
    }

    [Fact]
    public void Cpus_ThatHaveNoRoomAboveThem_HaveNoLimitOfTheirOwn()
    {
        (_start.CpuOvercommitHeadroom, _start.CpuOvercommitKeyHashes) = (2, [StartOptions.Everything]);

        Assert.Null(Prepared(new() { Image = "busybox", Cpus = 16 }).LimitCpus);
    }

    [Fact]
    public void Cpus_WhoseCallerAsksForALimit_HaveThatOne()
    {
        (_start.CpuOvercommitHeadroom, _start.CpuOvercommitKeyHashes) = (2, [StartOptions.Everything]);

        Assert.Equal(2.5, Prepared(new() { Image = "busybox", Cpus = 2, LimitCpus = 2.5 }).LimitCpus);
    }

    [Theory]
    [InlineData("good", true)]
    [InlineData("good ", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Cpus_WithAListOfKeys_AreForThese(string? shown, bool isAllowed)
    {
        _start.CpuOvercommitHeadroom = 2;
        _start.CpuOvercommitKeyHashes = [new string('0', 64), Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes("good")))];

        Assert.Equal(isAllowed, Prepared(new() { Image = "busybox" }, shown).LimitCpus is not null);
    }

    [Fact]
    public void Disk_ThatIsGivenAwaySeveralTimes_CountsThatMuchLessOfANode()
    {
        _start.DiskOvercommitRatio = 2.5;

        var spec = Prepared(new() { Image = "busybox", Disk = "50g" });

        Assert.Equal((50L << 30, 20L << 30), (spec.DiskBytes, NodeCapacity.DemandOf(spec).DiskBytes));
    }

    [Fact]
    public void StandardSpec_Only_StandsInThePlaceOfWhatIsAskedFor()
    {
        (_start.UsesStandardSpecOnly, _start.StandardCpus, _start.StandardMemory) = (true, 1.5, "3g");

        var spec = Prepared(new() { Image = "busybox", Cpus = 8, LimitCpus = 9, Memory = "32g" });

        Assert.Equal((1.5, 3L << 30, null), (spec.Cpus, spec.MemoryBytes, spec.LimitCpus));
    }

    [Theory]
    [InlineData("65g", 2, "memory: '65g' is above the limit of 64g")]
    [InlineData("8g", 17, "cpus: 17 is above the limit of 16")]
    public void StandardSpec_Only_DoesNotLetThroughWhatCannotBe(string memory, double cpus, string reason)
    {
        _start.UsesStandardSpecOnly = true;

        Assert.False(Prepare(new() { Image = "busybox", Memory = memory, Cpus = cpus }, null).TryGet(out _, out var error), "accepted");
        Assert.Equal(reason, error.Text);
    }

    [Fact]
    public void Environment_Configured_IsBelowWhatTheCallerGives()
    {
        _start.TimeZone = "Asia/Shanghai";
        _start.InstanceRegistryMirrors = ["one.example", "two.example:5000"];
        _start.Environment = new() { ["SITE"] = "a", ["LEVEL"] = "1" };
        _start.ImageOsProfiles = new() { ["nix"] = new ImageOsProfile { Environment = new() { ["SITE"] = "nix" } } };

        var env = Prepared(
            new() { Image = "busybox", ImageOs = "nix", Env = new Dictionary<string, string> { ["LEVEL"] = "2", ["OWN"] = "x" } }).Env;

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["TZ"] = "Asia/Shanghai",
                ["ROCK_TIME_ZONE"] = "Asia/Shanghai",
                ["INSTANCE_ROCK_REGISTRY"] = "one.example,two.example:5000",
                ["SITE"] = "nix",
                ["LEVEL"] = "2",
                ["OWN"] = "x",
            },
            env);
    }

    [Theory]
    [InlineData(null, 900)]
    [InlineData(1200.0, 1200)]
    public void Profile_OfAnImageOs_SaysHowLongAStartMayTakeUnlessTheCallerDoes(double? asked, double seconds)
    {
        _start.ImageOsProfiles = new() { ["nix"] = new ImageOsProfile { StartupTimeout = TimeSpan.FromSeconds(900) } };

        var (nix, linux) = (
            Prepared(new() { Image = "busybox", ImageOs = "nix", StartupTimeout = asked }),
            Prepared(new() { Image = "busybox", StartupTimeout = asked }));

        Assert.Equal(
            (seconds, asked ?? 600), (nix.StartupTimeout.TotalSeconds, linux.StartupTimeout.TotalSeconds));
    }

    [Fact]
    public void Kata_Allowed_IsToldToTheSandbox()
    {
        var policies = new StartPolicies(
            new SpecLimits(), new SecurityPolicy { AllowKata = true }, new LifecycleOptions(), new AutoPolicy(new LifecycleOptions()),
            _start);
        var request = new StartRequest { Image = "busybox", UseKataRuntime = true };

        var prepared = new DeploymentManager(() => policies).Prepare(request, new SandboxOwner(), DeploymentKind.Docker, Given.Now);

        Assert.True(prepared.TryGet(out var record, out var error), error?.Text);
        Assert.Equal((true, "true"), (record.Spec.UseKata, record.Spec.Env["ROCK_KATA_RUNTIME"]));
    }

    [Theory]
    [InlineData("docker.io/library/", "python:3.11", true)]
    [InlineData("docker.io/library/", "team/python:3.11", false)]
    [InlineData("*", "ghcr.io/team/python", true)]
    [InlineData("", "python", false)]
    public void Image_IsMirrored_WhereItsNameBeginsAsListed(string listed, string image, bool isMirrored)
    {
        _start.MirroredImages = [listed];

        Assert.Equal(isMirrored, _start.IsMirrored(ImageReference.Parse(image)!));
    }

    [Fact]
    public void Options_AsTheyAre_CanBe() => Assert.Empty(Problems(_start));

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Options_ThatCannotBe_AreNamed(string setting, Action<StartOptions> change)
    {
        change(_start);

        Assert.Contains(Problems(_start), problem => problem.Contains(setting, StringComparison.Ordinal));
    }

    public static TheoryData<string, Action<StartOptions>> Impossible() => new()
    {
        { "Mirrors", start => start.Mirrors = [new RegistryMirror { Registry = "mirror" }] },
        { "Mirrors", start => start.Mirrors = [new RegistryMirror { Registry = "a.example/path" }] },
        { "Mirrors", start => start.Mirrors = [new RegistryMirror { Registry = "a.example", Namespace = "../b" }] },
        { "CpuOvercommitKeyHashes", start => start.CpuOvercommitKeyHashes = ["a-key"] },
        { "TimeZone", start => start.TimeZone = "../etc/passwd" },
        { "Environment", start => start.Environment = new() { ["A=B"] = "" } },
        { "Environment", start => start.ImageOsProfiles = new() { ["nix"] = new() { Environment = new() { ["A"] = "\0" } } } },
        { "ImageOsProfiles", start => start.ImageOsProfiles = new() { ["nix"] = new() { StartupTimeout = TimeSpan.Zero } } },
        { "DiskOvercommitRatio", start => start.DiskOvercommitRatio = 0.5 },
        { "StandardMemory", start => start.StandardMemory = "much" },
    };

    private static List<string> Problems(StartOptions options)
    {
        var found = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), found, validateAllProperties: true);
        return [.. found.Concat(options.Validate(new ValidationContext(options)))
            .Select(problem => $"{string.Join(' ', problem.MemberNames)}: {problem.ErrorMessage}")];
    }

    private Result<Domain.Lifecycle.SandboxInstance> Prepare(StartRequest request, string? authorization)
    {
        var policies = new StartPolicies(
            new SpecLimits(), new SecurityPolicy(), new LifecycleOptions(), new AutoPolicy(new LifecycleOptions()), _start);
        return new DeploymentManager(() => policies)
            .Prepare(request, new SandboxOwner(), DeploymentKind.Docker, Given.Now, authorization);
    }

    private SandboxSpec Prepared(StartRequest request, string? authorization = null)
    {
        Assert.True(Prepare(request, authorization).TryGet(out var record, out var error), error?.Text);
        return record.Spec;
    }
}
