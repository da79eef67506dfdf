using Sandbox.Contracts.Rock;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests.Policies;

/// <summary>The lists of what a sandbox may reach, as a start gives them.</summary>
public sealed class EgressTests
{
    [Fact]
    public void Lists_AreBroughtToOneSpelling()
    {
        var policy = Prepared(["203.0.113.7", "203.0.113.7/32", "198.51.100.7/24", "PyPI.org.", "*.Example.COM"], ["10.0.0.0/8"]);

        Assert.Equal(["203.0.113.7/32", "198.51.100.0/24", "pypi.org", "*.example.com"], policy.Allow);
        Assert.Equal(["203.0.113.7/32", "198.51.100.0/24"], policy.AllowedNetworks);
        Assert.Equal(["10.0.0.0/8"], policy.Deny);
        Assert.Equal((1, false), (policy.Revision, policy.IsOpen));
    }

    [Fact]
    public void Lists_ThatAreMissingAndThatAreEmpty_AreNotTheSame()
    {
        Assert.True(Prepared(null, null).IsOpen, "without lists everything is reached");
        Assert.False(Prepared([], null).IsOpen, "of an empty list of what is allowed nothing is");
    }

    [Theory]
    [InlineData("203.0.113.0/33")]
    [InlineData("203.0.113")]
    [InlineData("010.0.0.1")]
    [InlineData("1")]
    [InlineData("2001:db8::/32")]
    [InlineData("http://pypi.org")]
    [InlineData("pypi.org:443")]
    [InlineData("*")]
    [InlineData("*.")]
    [InlineData("a.*.org")]
    [InlineData("-a.org")]
    [InlineData("a..org")]
    [InlineData("")]
    [InlineData("a.org\n-j ACCEPT")]
    [InlineData("1.2.3.4/32 -j RETURN")]
    public void Entry_ThatIsNeitherANetworkNorAName_IsRefused(string entry)
    {
        Assert.StartsWith($"egress.allow: '{entry}' is neither an IPv4 network", Refused([entry], null), StringComparison.Ordinal);
        Assert.StartsWith($"egress.deny: '{entry}' is no IPv4 network", Refused(null, [entry]), StringComparison.Ordinal);
    }

    [Fact]
    public void Name_ThatIsDenied_IsRefused_BecauseItsAddressesAreOfOthersToo() =>
        Assert.StartsWith("egress.deny: 'pypi.org' is no IPv4 network", Refused(null, ["pypi.org"]), StringComparison.Ordinal);

    [Fact]
    public void Lists_ThatAreTooLong_AreRefused() => Assert.Equal(
        "egress: must have at most 128 entries in both lists together",
        Refused([.. Enumerable.Repeat("10.0.0.0/8", 100)], [.. Enumerable.Repeat("10.0.0.0/8", 29)]));

    [Theory]
    [InlineData("none", false, "a sandbox with network none reaches nothing")]
    [InlineData("bridge", true, "code in a privileged sandbox can change its own address")]
    public void Lists_OfASandboxThatTheyCannotBind_AreRefused(string network, bool privileged, string reason)
    {
        var request = new StartRequest
        {
            Image = "busybox",
            Network = network,
            Privileged = privileged,
            Egress = new EgressMessage(["10.0.0.0/8"]),
        };

        Assert.StartsWith($"egress: {reason}", Error(request, DeploymentKind.Docker), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DeploymentKind.Local)]
    [InlineData(DeploymentKind.Kubernetes)]
    public void Lists_WhereNothingPutsThemInEffect_AreRefused(DeploymentKind kind) => Assert.Equal(
        $"egress: the network of a {kind} sandbox can have no lists",
        Error(new StartRequest { Image = "busybox", Egress = new EgressMessage(["10.0.0.0/8"]) }, kind));

    [Theory]
    [InlineData("pypi.org", true)]
    [InlineData("a.example.com", true)]
    [InlineData("a.b.example.com", true)]
    [InlineData("example.com", false)]
    [InlineData("anexample.com", false)]
    [InlineData("pypi.org.evil.net", false)]
    [InlineData("notpypi.org", false)]
    [InlineData(".example.com", false)]
    public void Name_IsAllowed_WhereAListHasItOrWhatIsAboveIt(string name, bool isAllowed) =>
        Assert.Equal(isAllowed, Prepared(["pypi.org", "*.example.com", "10.0.0.0/8"], null).Allows(name));

    private static EgressPolicy Prepared(IReadOnlyList<string>? allow, IReadOnlyList<string>? deny)
    {
        var request = new StartRequest { Image = "busybox", Egress = new EgressMessage(allow, deny) };
        Assert.True(Prepare(request, DeploymentKind.Docker).TryGet(out var record, out var error), error?.Text);
        return record.Spec.Egress!;
    }

    private static string Refused(IReadOnlyList<string>? allow, IReadOnlyList<string>? deny) =>
        Error(new StartRequest { Image = "busybox", Egress = new EgressMessage(allow, deny) }, DeploymentKind.Docker);

    private static string Error(StartRequest request, DeploymentKind kind)
    {
        Assert.False(Prepare(request, kind).TryGet(out _, out var error), "the request was to be refused");
        return error.Text;
    }

    private static Result<SandboxInstance> Prepare(StartRequest request, DeploymentKind kind) =>
        new DeploymentManager(
            new SpecLimits(), new SecurityPolicy { AllowPrivileged = true }, new LifecycleOptions(), new AutoPolicy(new LifecycleOptions()))
            .Prepare(request, new SandboxOwner(), kind, Given.Now);
}
