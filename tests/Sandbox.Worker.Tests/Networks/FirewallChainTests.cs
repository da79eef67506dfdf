using System.Net;
using Sandbox.Deployments.Networks;
using Sandbox.Domain.Policies;

namespace Sandbox.Worker.Tests.Networks;

/// <summary>The texts for iptables; that they bind, the tests with an engine show.</summary>
public sealed class FirewallChainTests
{
    private const string Others = "*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i eth0 -j MARK\nCOMMIT\n";

    private static readonly FirewallChain Chain =
        new("iptables", "SANDBOX-1", "sb1-", ["-d 10.0.0.0/8 -j DROP", "-d 11.0.0.0/8 -j DROP"]);

    private static readonly FirewallChain Branched =
        Chain with { Branches = [new FirewallBranch("ab", "-s 10.0.0.9/32", ["-j DROP"])] };

    [Fact]
    public void Place_NothingIsThere_MakesChainJumpAndRulesInOneTransaction()
    {
        var lines = Chain.TextToPutInPlace(Others)!.Split('\n');

        Assert.Equal(["*mangle", ":SANDBOX-1 - [0:0]"], lines[..2]);
        Assert.Matches("^-I PREROUTING 1 -i sb1-\\+ -m comment --comment sandbox-[0-9a-f]{16} -j SANDBOX-1$", lines[2]);
        Assert.Equal(["-A SANDBOX-1 -d 10.0.0.0/8 -j DROP", "-A SANDBOX-1 -d 11.0.0.0/8 -j DROP", "COMMIT", ""], lines[3..]);
    }

    [Fact]
    public void Place_AllIsThere_DoesNothing() => Assert.Null(Chain.TextToPutInPlace(Placed()));

    [Theory]
    [InlineData("-A SANDBOX-1 -d 11.0.0.0/8 -j DROP\n", "")]
    [InlineData("-A SANDBOX-1 -d 11.0.0.0/8 -j DROP\n", "-A SANDBOX-1 -d 11.0.0.0/8 -j DROP\n-A SANDBOX-1 -j RETURN\n")]
    [InlineData("--comment sandbox-", "--comment of-another-version-")]
    public void Place_SomethingIsOther_PutsItRightAndLeavesOneJump(string from, string to)
    {
        var changed = Placed().Replace(from, to, StringComparison.Ordinal);
        Assert.NotEqual(Placed(), changed);

        var text = Chain.TextToPutInPlace(changed);

        Assert.NotNull(text);
        Assert.Contains("\n-D PREROUTING -i sb1-+ ", text, StringComparison.Ordinal);
        Assert.Single(text.Split('\n'), line => line.StartsWith("-I PREROUTING", StringComparison.Ordinal));
    }

    [Fact]
    public void Place_TheJumpIsGone_PutsItBack() => Assert.Contains(
        "-I PREROUTING 1 ",
        Chain.TextToPutInPlace(string.Join(
            '\n', Placed().Split('\n').Where(line => !line.EndsWith("-j SANDBOX-1", StringComparison.Ordinal))))!,
        StringComparison.Ordinal);

    [Fact]
    public void Remove_TakesAwayChainAndJumpAndNothingElse()
    {
        Assert.Null(Chain.TextToRemove(Others));

        var lines = Chain.TextToRemove(Placed())!.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["*mangle", ":SANDBOX-1 - [0:0]"], lines[..2]);
        Assert.StartsWith("-D PREROUTING -i sb1-+ ", lines[2], StringComparison.Ordinal);
        Assert.Equal(["-X SANDBOX-1", "COMMIT"], lines[3..]);
    }

    [Fact]
    public void Place_WithBranches_LooksAtThemFirst()
    {
        var lines = Branched.TextToPutInPlace(Others)!.Split('\n');

        Assert.Equal(["*mangle", ":SANDBOX-1 - [0:0]", ":SANDBOX-1-ab - [0:0]"], lines[..3]);
        Assert.Equal(
            ["-A SANDBOX-1 -s 10.0.0.9/32 -j SANDBOX-1-ab", "-A SANDBOX-1 -d 10.0.0.0/8 -j DROP", "-A SANDBOX-1 -d 11.0.0.0/8 -j DROP",
             "-A SANDBOX-1-ab -j DROP", "COMMIT", ""],
            lines[4..]);
        Assert.Null(Branched.TextToPutInPlace(Placed(Branched)));
    }

    [Theory]
    [InlineData("-A SANDBOX-1-ab -j DROP\n", "")]
    [InlineData("-A SANDBOX-1 -s 10.0.0.9/32 -j SANDBOX-1-ab\n", "")]
    public void Place_ABranchIsOther_PutsItRight(string from, string to) =>
        Assert.NotNull(Branched.TextToPutInPlace(Placed(Branched).Replace(from, to, StringComparison.Ordinal)));

    [Fact]
    public void Place_ABranchThatIsNotNeededAnyMore_TakesItAway()
    {
        var lines = Chain.TextToPutInPlace(Placed(Branched))!.Split('\n');

        Assert.Contains(":SANDBOX-1-ab - [0:0]", lines);
        Assert.Contains("-X SANDBOX-1-ab", lines);
        Assert.DoesNotContain(lines, line => line.EndsWith("-j SANDBOX-1-ab", StringComparison.Ordinal));
    }

    /// <summary>A process that has just begun does not know yet who has lists: what its earlier life has put in place binds on.</summary>
    [Fact]
    public void Place_BeforeTheBranchesAreKnown_LeavesThoseThatAreThere()
    {
        var early = Chain with { KeepsOtherBranches = true, Rules = ["-j DROP"] };

        var lines = early.TextToPutInPlace(Placed(Branched))!.Split('\n');

        Assert.DoesNotContain(lines, line => line.StartsWith(":SANDBOX-1-ab", StringComparison.Ordinal));
        Assert.Equal(
            ["-A SANDBOX-1 -s 10.0.0.9/32 -j SANDBOX-1-ab", "-A SANDBOX-1 -j DROP"],
            lines.Where(line => line.StartsWith("-A SANDBOX-1 ", StringComparison.Ordinal)));
        Assert.Null((Chain with { KeepsOtherBranches = true }).TextToPutInPlace(
            Placed(Branched).Replace(Branched.Mark, Chain.Mark, StringComparison.Ordinal)));
    }

    [Fact]
    public void Remove_TakesAwayTheBranchesToo() => Assert.Equal(
        ["-X SANDBOX-1-ab", "-X SANDBOX-1", "COMMIT"],
        Chain.TextToRemove(Placed(Branched))!.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^3..]);

    [Fact]
    public void Rules_ByDefault_OpenTheResolverAndCloseWhatIsNotTheInternet()
    {
        var rules = DestinationRules.Of(
            new SecurityPolicy(), [IPAddress.Parse("10.0.0.2")], "10.213.0.0/16", ["-m addrtype --dst-type LOCAL"], "DROP");

        Assert.Equal(
            ["-d 10.0.0.2/32 -p udp -m udp --dport 53 -j RETURN", "-d 10.0.0.2/32 -p tcp -m tcp --dport 53 -j RETURN",
             "-d 10.213.0.0/16 -j DROP"],
            rules.Take(3));
        Assert.Contains("-d 169.254.0.0/16 -j DROP", rules);
        Assert.Contains("-m addrtype --dst-type LOCAL -j DROP", rules);
        Assert.Superset(
            new HashSet<string> { "-d 10.0.0.0/8 -j DROP", "-d 172.16.0.0/12 -j DROP", "-d 192.168.0.0/16 -j DROP" }, rules.ToHashSet());
    }

    [Fact]
    public void Rules_OfAPolicy_OpenBeforeTheyCloseWhatIsPrivateAndNeverLinkLocal()
    {
        var rules = DestinationRules.Of(
            new SecurityPolicy { AllowedNetworks = ["10.1.0.0/16"], DeniedNetworks = ["203.0.113.0/24"] }, [], "10.213.0.0/16", [], "DROP")
            .ToList();

        int At(string rule) => rules.IndexOf(rule) is >= 0 and var at ? at : throw new InvalidOperationException($"no rule '{rule}'");
        Assert.True(At("-d 169.254.0.0/16 -j DROP") < At("-d 10.1.0.0/16 -j RETURN"), "link-local is closed whatever the policy opens");
        Assert.True(At("-d 203.0.113.0/24 -j DROP") < At("-d 10.1.0.0/16 -j RETURN"), "what is denied is closed whatever is allowed");
        Assert.True(At("-d 10.1.0.0/16 -j RETURN") < At("-d 10.0.0.0/8 -j DROP"), "what is allowed is open although it is private");
        Assert.DoesNotContain(
            "-d 10.0.0.0/8 -j DROP",
            DestinationRules.Of(new SecurityPolicy { AllowPrivateNetworks = true }, [], "10.213.0.0/16", [], "DROP"));
    }

    [Fact]
    public void Pool_IsCutIntoBlocks_EachNextToTheOther()
    {
        var pool = new AddressPool(IPNetwork.Parse("10.213.0.0/16"));

        Assert.Equal(256, pool.Blocks);
        Assert.Equal((IPNetwork.Parse("10.213.0.0/24"), IPNetwork.Parse("10.213.255.0/24")), (pool.Block(0), pool.Block(255)));
        Assert.True(AddressPool.Overlap(IPNetwork.Parse("10.0.0.0/8"), pool.Block(3)), "a wider network has the block in it");
        Assert.False(AddressPool.Overlap(pool.Block(2), pool.Block(3)), "two blocks have no address in common");
    }

    /// <summary>As iptables prints it.</summary>
    private static string Placed(FirewallChain? chain = null)
    {
        var put = (chain ?? Chain).TextToPutInPlace(Others)!.Split('\n').Where(line => line.Length > 0).ToLookup(line => line[0]);
        var jump = Assert.Single(put['-'], line => line.StartsWith("-I ", StringComparison.Ordinal));
        return string.Join(
            '\n',
            [
                "*mangle", ":PREROUTING ACCEPT [0:0]", .. put[':'],
                jump.Replace("-I PREROUTING 1", "-A PREROUTING", StringComparison.Ordinal),
                "-A PREROUTING -i eth0 -j MARK", .. put['-'].Where(line => line != jump), "COMMIT", "",
            ]);
    }
}
