namespace Sandbox.Domain.Heads;

/// <summary>What a node is when it starts: the whole decision, without anything that takes time. The asking and the probing come
/// before it, and what it decides is never more than a wish: which node writes as the head is settled by a lease.</summary>
public static class HeadDecision
{
    public static HeadChoice Decide(HeadQuestion question) =>
        question.Whitelist.PlaceOf(question.Host, question.HeadPort, out _) is null ? Join(question) : question.Health switch
        {
            ElectionReply.Granted => new HeadChoice(NodeMode.Head, Target: null, HeadReason.Elected),
            ElectionReply.Refused => new HeadChoice(NodeMode.Worker, question.Elected, HeadReason.AnotherElected),
            ElectionReply.Unreachable => new HeadChoice(NodeMode.Head, Target: null, HeadReason.FailSafe),
            _ when question.Found is { } found => new HeadChoice(NodeMode.Worker, found, HeadReason.AnotherFound),
            _ => new HeadChoice(NodeMode.Head, Target: null, HeadReason.NoneFound),
        };

    /// <summary>The nodes that a node asks for their role where no service elects: all others of the whitelist, in its order, each
    /// at its own port.</summary>
    public static IReadOnlyList<HeadAddress> PeersOf(HeadWhitelist whitelist, string host, int headPort) =>
        [.. whitelist.Entries
            .Where(entry => !(entry.IsHost(host) && (entry.Port ?? headPort) == headPort))
            .Select(entry => HeadAddress.Of(entry, DefaultPortOf(headPort)))];

    private static HeadChoice Join(HeadQuestion question) =>
        question.HeadAddress is { } told ? new HeadChoice(NodeMode.Worker, told, HeadReason.ToldByEnvironment)
        : question.ConfiguredHead is { } configured ? new HeadChoice(NodeMode.Worker, configured, HeadReason.ToldByConfiguration)
        : new HeadChoice(
            NodeMode.Worker, HeadAddress.Of(question.Whitelist.Entries[0], DefaultPortOf(question.HeadPort)), HeadReason.FirstOfWhitelist);

    private static int DefaultPortOf(int headPort) => headPort > 0 ? headPort : HeadAddress.DefaultPort;
}

/// <param name="Host">This node's name.</param>
/// <param name="HeadAddress">What HEAD_ADDRESS says; a node of the whitelist does not listen to it.</param>
/// <param name="ConfiguredHead">What HEAD_ADDRESS_CFG says.</param>
/// <param name="Elected">The head that the health service told of.</param>
/// <param name="Found">The first other node of the whitelist that says it is the head.</param>
public sealed record HeadQuestion(
    HeadWhitelist Whitelist, string Host, int HeadPort, HeadAddress? HeadAddress, HeadAddress? ConfiguredHead, ElectionReply Health,
    HeadAddress? Elected, HeadAddress? Found);

/// <summary>What the health service said.</summary>
public enum ElectionReply
{
    Unreachable,

    /// <summary>It is there and elects no head: any server that answers 200.</summary>
    Bare,
    Granted,
    Refused,
}

public enum NodeMode
{
    Worker,
    Head,
}

/// <param name="Target">The head that a worker joins; null: no node is the head yet.</param>
public sealed record HeadChoice(NodeMode Mode, HeadAddress? Target, HeadReason Reason);

public enum HeadReason
{
    Elected,
    AnotherElected,

    /// <summary>The health service could not be asked. A head by this only acts while no other holds the lease.</summary>
    FailSafe,
    AnotherFound,
    NoneFound,
    ToldByEnvironment,
    ToldByConfiguration,
    FirstOfWhitelist,
}
