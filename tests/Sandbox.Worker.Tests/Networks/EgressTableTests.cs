using System.Net;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Networks;
using Sandbox.Domain.Specs;

namespace Sandbox.Worker.Tests.Networks;

/// <summary>The rules that follow from the lists of sandboxes; that they bind, the tests with an engine show.</summary>
public sealed class EgressTableTests
{
    private static readonly IPAddress Box = IPAddress.Parse("10.213.0.2"), Other = IPAddress.Parse("10.213.0.3");
    private static readonly IPAddress[] Resolvers = [IPAddress.Parse("10.0.0.53")];

    private readonly FakeTimeProvider _clock = new();
    private readonly IncarnationId _incarnation = IncarnationId.New();
    private readonly EgressTable _table;

    public EgressTableTests() => _table = new EgressTable(_clock);

    [Fact]
    public void Rules_OfAnAllowList_DenyFirstAndEndWithARefusal()
    {
        Assert.True(_table.TrySet(_incarnation, Box, Lists(["203.0.113.0/24", "pypi.org"], ["203.0.113.7/32"])), "it is new");

        var branch = Assert.Single(_table.Branches(Resolvers));
        Assert.Equal("-s 10.213.0.2/32", branch.Match);
        Assert.Equal(
            [
                "-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN",
                "-d 203.0.113.7/32 -j DROP",
                "-d 10.0.0.53/32 -p udp -m udp --dport 53 -j RETURN",
                "-d 203.0.113.0/24 -j RETURN",
                "-j DROP",
            ],
            branch.Rules);
        Assert.Equal(["-s 10.213.0.2/32 -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353"], _table.Redirections(5353));
        Assert.True("SANDBOX-01234567-".Length + branch.Name.Length <= 28, "iptables takes no longer name of a chain");
    }

    [Fact]
    public void Rules_OfADenyList_LetTheRestPass_AndAskTheMachinesResolver()
    {
        _table.TrySet(_incarnation, Box, Lists(null, ["203.0.113.0/24"]));

        Assert.Equal(
            ["-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN", "-d 203.0.113.0/24 -j DROP"],
            Assert.Single(_table.Branches(Resolvers)).Rules);
        Assert.False(_table.NeedsResolver, "names are not limited");
        Assert.Empty(_table.Redirections(5353));
    }

    [Fact]
    public void Address_OfAName_IsOpenWhileItIsValid_AndThenOnlyForWhatWasBegun()
    {
        _table.TrySet(_incarnation, Box, Lists(["*.example.com"]));

        Assert.True(Learn("a.example.com", "198.51.100.1"), "a rule follows");
        Assert.False(Learn("a.example.com", "198.51.100.1"), "it is open already");
        Assert.Contains("-d 198.51.100.1/32 -j RETURN", Rules());

        _clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Contains("-d 198.51.100.1/32 -m conntrack --ctstate ESTABLISHED -j RETURN", Rules());
        Assert.DoesNotContain("-d 198.51.100.1/32 -j RETURN", Rules());
        Assert.True(Learn("a.example.com", "198.51.100.1"), "it is to be opened again");
    }

    [Fact]
    public void Address_OfANameThatIsNotOnTheList_OpensNothing()
    {
        _table.TrySet(_incarnation, Box, Lists(["*.example.com"]));

        Assert.False(Learn("evil.org", "198.51.100.1"), "the name is not allowed");
        Assert.False(_table.Learn(Other, "a.example.com", [IPAddress.Parse("198.51.100.1")], TimeSpan.FromMinutes(1)), "it has no list");
        Assert.DoesNotContain(Rules(), rule => rule.Contains("198.51.100.1", StringComparison.Ordinal));
    }

    [Fact]
    public void Addresses_OfNames_AreBounded_AndTheNewestKept()
    {
        _table.TrySet(_incarnation, Box, Lists(["*.example.com"]));

        for (var i = 0; i <= EgressTable.MostLearned; i++)
        {
            Learn("a.example.com", $"198.51.{i / 256}.{i % 256}");
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(EgressTable.MostLearned, Rules().Count(rule => rule.StartsWith("-d 198.51.", StringComparison.Ordinal)));
        Assert.DoesNotContain(Rules(), rule => rule.StartsWith("-d 198.51.0.0/32 ", StringComparison.Ordinal));
    }

    [Fact]
    public void Lists_ThatAreOlderThanThoseInEffect_ChangeNothing()
    {
        _table.TrySet(_incarnation, Box, Lists(["203.0.113.0/24"]) with { Revision = 2 });

        Assert.False(_table.TrySet(_incarnation, Box, Lists(["0.0.0.0/0"]) with { Revision = 1 }), "it is what was there before");

        Assert.DoesNotContain("-d 0.0.0.0/0 -j RETURN", Rules());
    }

    [Fact]
    public void Lists_ThatAreReplaced_KeepTheAddressesOfNamesThatAreStillAllowed()
    {
        _table.TrySet(_incarnation, Box, Lists(["a.example.com", "b.example.com"]));
        Learn("a.example.com", "198.51.100.1");
        Learn("b.example.com", "198.51.100.2");

        _table.TrySet(_incarnation, Box, Lists(["a.example.com"]) with { Revision = 2 });

        Assert.Contains("-d 198.51.100.1/32 -j RETURN", Rules());
        Assert.DoesNotContain(Rules(), rule => rule.Contains("198.51.100.2", StringComparison.Ordinal));
    }

    [Fact]
    public void Address_ThatAnotherSandboxHasNow_IsNotTheFormerOnesAnyMore()
    {
        _table.TrySet(_incarnation, Box, Lists(["203.0.113.0/24"]));
        _table.TrySet(IncarnationId.New(), Box, Lists([]));

        Assert.DoesNotContain("-d 203.0.113.0/24 -j RETURN", Rules());
    }

    [Fact]
    public void Sandbox_ThatDoesNotRunAnyMore_IsForgotten_AndOneThatWasSetSinceIsNot()
    {
        _table.TrySet(_incarnation, Box, Lists([]));
        _clock.Advance(TimeSpan.FromSeconds(1));
        var asked = _clock.GetTimestamp();
        var later = IncarnationId.New();
        _table.TrySet(later, Other, Lists([]));

        _table.Keep(new Dictionary<IncarnationId, IPAddress>(), asked);

        Assert.Equal("-s 10.213.0.3/32", Assert.Single(_table.Branches(Resolvers)).Match);
    }

    [Fact]
    public void Questions_OfOneSandbox_AreBounded_AndAnothersAreAnswered()
    {
        _table.TrySet(_incarnation, Box, Lists(["*.example.com"]));
        _table.TrySet(IncarnationId.New(), Other, Lists(["*.example.com"]));

        var taken = 0;
        while (taken < 100 && _table.TryBeginQuestion(Box) is not null)
        {
            taken++;
        }

        Assert.InRange(taken, 1, 99);
        Assert.NotNull(_table.TryBeginQuestion(Other));
        _table.EndQuestion(Box);
        Assert.NotNull(_table.TryBeginQuestion(Box));
    }

    private static EgressPolicy Lists(IReadOnlyList<string>? allow, IReadOnlyList<string>? deny = null) =>
        new() { Allow = allow, Deny = deny ?? [], Revision = 1 };

    private bool Learn(string name, string address) =>
        _table.Learn(Box, name, [IPAddress.Parse(address)], TimeSpan.FromMinutes(5));

    private IReadOnlyList<string> Rules() => Assert.Single(_table.Branches(Resolvers)).Rules;
}
