using Sandbox.Domain.Heads;

namespace Sandbox.Domain.Tests.Heads;

/// <summary>Every combination of what a node can know when it decides: in the whitelist or not, what the health service says, whether
/// another head was found, HEAD_ADDRESS, HEAD_ADDRESS_CFG.</summary>
public sealed class HeadDecisionTests
{
    private static readonly HeadAddress Told = new("told", 1), Configured = new("configured", 2), Elected = new("elected", 3),
    Found = new("found", 4);

    public static TheoryData<bool, ElectionReply, bool, bool, bool> Combinations()
    {
        var all = new TheoryData<bool, ElectionReply, bool, bool, bool>();
        foreach (var reply in Enum.GetValues<ElectionReply>())
        {
            for (var bits = 0; bits < 16; bits++)
            {
                all.Add((bits & 1) > 0, reply, (bits & 2) > 0, (bits & 4) > 0, (bits & 8) > 0);
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Decide_EveryCombination_IsAsTheTableSays(bool isListed, ElectionReply reply, bool found, bool told, bool configured)
    {
        var choice = HeadDecision.Decide(new HeadQuestion(
            List("n1 n2:6391"), isListed ? "n1" : "other", 6390, told ? Told : null, configured ? Configured : null, reply, Elected,
            found ? Found : null));

        // Written out, not computed as the code does: the first line that fits.
        var expected = (isListed, reply, found, told, configured) switch
        {
            (false, _, _, true, _) => new HeadChoice(NodeMode.Worker, Told, HeadReason.ToldByEnvironment),
            (false, _, _, false, true) => new HeadChoice(NodeMode.Worker, Configured, HeadReason.ToldByConfiguration),
            (false, _, _, false, false) => new HeadChoice(NodeMode.Worker, new HeadAddress("n1", 6390), HeadReason.FirstOfWhitelist),
            (true, ElectionReply.Granted, _, _, _) => new HeadChoice(NodeMode.Head, null, HeadReason.Elected),
            (true, ElectionReply.Refused, _, _, _) => new HeadChoice(NodeMode.Worker, Elected, HeadReason.AnotherElected),
            (true, ElectionReply.Unreachable, _, _, _) => new HeadChoice(NodeMode.Head, null, HeadReason.FailSafe),
            (true, ElectionReply.Bare, true, _, _) => new HeadChoice(NodeMode.Worker, Found, HeadReason.AnotherFound),
            (true, ElectionReply.Bare, false, _, _) => new HeadChoice(NodeMode.Head, null, HeadReason.NoneFound),
            _ => throw new InvalidOperationException("the table has a hole"),
        };
        Assert.Equal(expected, choice);
    }

    [Theory]
    [InlineData("n1 n2:6391 n3", "n1", 6390, "n2:6391 n3:6390")]
    [InlineData("n1 n2:6391 n3", "N1", 6390, "n2:6391 n3:6390")]
    [InlineData("n1 n2:6391 n3", "n3", 7000, "n1:7000 n2:6391")]
    [InlineData("h:6390 h:6391", "h", 6391, "h:6390")]
    [InlineData("h:6390 h:6391", "h", 0, "h:6390 h:6391")]
    [InlineData("n1", "n1", 6390, "")]
    public void Peers_AreAllOthersInTheOrderOfTheWhitelistEachAtItsOwnPort(string whitelist, string host, int headPort, string peers) =>
        Assert.Equal(peers, string.Join(' ', HeadDecision.PeersOf(List(whitelist), host, headPort)));

    [Theory]
    [InlineData("n1 n2", "n2", 6390, 2)]
    [InlineData("n1,n2", "n2", 6390, 2)]
    [InlineData("N1", "n1", 6390, 1)]
    [InlineData("n1:6391", "n1", 6391, 1)]
    [InlineData("n1:6391", "n1", 6390, null)]
    [InlineData("h:6390 h:6391", "h", 6391, 2)]
    [InlineData("n10", "n1", 6390, null)]
    [InlineData("[::1]:6390", "[::1]", 6390, 1)]
    public void Place_IsThatOfTheEntryWithTheNodesHostAndPort(string whitelist, string host, int headPort, int? place) =>
        Assert.Equal(place, List(whitelist).PlaceOf(host, headPort, out _));

    [Theory]
    [InlineData("h", "h:6390")]
    [InlineData("h:1", "h:1")]
    [InlineData("10.0.0.1:2", "10.0.0.1:2")]
    [InlineData("h:0", null)]
    [InlineData("h:x", null)]
    [InlineData("h g", null)]
    [InlineData("http://h", null)]
    public void Address_IsHostOrHostAndPort(string text, string? address)
    {
        HeadAddress.TryParse(text, 6390, out var parsed);

        Assert.Equal(address, parsed?.ToString());
    }

    private static HeadWhitelist List(string text) =>
        HeadWhitelist.TryParse(text, out var whitelist, out var problem) ? whitelist : throw new InvalidOperationException(problem);
}
