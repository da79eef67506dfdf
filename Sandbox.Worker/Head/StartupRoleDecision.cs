using Sandbox.Domain.Heads;

namespace Sandbox.Worker.Head;

/// <summary>
/// Decides when the process starts whether this node is head or worker, in the steps and with the log lines of source document
/// 004: the whitelist; for a node in it the health service, which elects, and where a server only answers the other nodes'
/// roles; for every other node the head to join, which must be there. What <see cref="HeadDecision"/> makes of the answers is a
/// beginning: from then on the lease says who is the head.
/// </summary>
internal sealed partial class StartupRoleDecision(
    HeadSettings settings, NodeRegistration registration, StartupElection election, HeadDiscovery discovery, NodeRole role,
    ILogger<StartupRoleDecision> logger)
{
    /// <summary>Null: the process is to end.</summary>
    public async Task<HeadChoice?> DecideAsync(CancellationToken cancellationToken)
    {
        Log.Starts(logger, registration.Node);
        Log.Settings(
            logger, settings.Whitelist.ToString(), string.Join(' ', settings.HealthUrls), settings.HealthTimeout.TotalSeconds,
            settings.HealthMaxRetries,
            settings.HealthRetryInterval.TotalSeconds);
        var isListed = settings.Whitelist.PlaceOf(registration.Node, registration.HeadPort, out var why) is not null;
        if (isListed)
        {
            Log.Listed(logger, why);
        }
        else
        {
            Log.NotListed(logger, why);
        }

        var (word, elected) = isListed ? await election.AskAsync(cancellationToken) : (ElectionReply.Unreachable, null);
        if (word is null)
        {
            return null;
        }

        var found = word is ElectionReply.Bare ? await discovery.FindPeerAsync(cancellationToken) : null;
        var choice = HeadDecision.Decide(new HeadQuestion(
            settings.Whitelist, registration.Node, registration.HeadPort, settings.HeadAddress, settings.ConfiguredHead, word.Value,
            elected, found));
        role.Become(choice.Mode, ReasonOf(choice));
        return isListed || await discovery.TryReachAsync(choice.Target!, cancellationToken) ? choice : null;
    }

    private string ReasonOf(HeadChoice choice) => choice.Reason switch
    {
        HeadReason.Elected => $"the health service made this node the head, lease_version {role.Head?.LeaseVersion}",
        HeadReason.AnotherElected when choice.Target is { } head => $"the head is {role.Head?.HeadNode}, HEAD_ADDRESS={head}",
        HeadReason.AnotherElected => "the head is another, or about to be",
        HeadReason.FailSafe => "fail-safe: a node of the whitelist goes on as the head",
        HeadReason.AnotherFound => $"there is a head, HEAD_ADDRESS={choice.Target}",
        HeadReason.NoneFound => "no other node of the whitelist is the head",
        HeadReason.ToldByEnvironment => $"HEAD_ADDRESS={choice.Target}, from the environment",
        HeadReason.ToldByConfiguration => $"HEAD_ADDRESS={choice.Target}, from HEAD_ADDRESS_CFG",
        _ => $"HEAD_ADDRESS={choice.Target}, the first of the whitelist",
    };

    private static partial class Log
    {
        [LoggerMessage(4411, LogLevel.Information, "Node {Node} decides whether it is head or worker")]
        public static partial void Starts(ILogger logger, string node);

        [LoggerMessage(
            4412, LogLevel.Information,
            "HEAD_WHITELIST={Whitelist} HEALTH_URL={Url} (timeout {Timeout} s, {Tries} tries, {Interval} s between them)")]
        public static partial void Settings(ILogger logger, string whitelist, string url, double timeout, int tries, double interval);

        [LoggerMessage(4413, LogLevel.Information, "✓ {Why}")]
        public static partial void Listed(ILogger logger, string why);

        [LoggerMessage(4414, LogLevel.Information, "✗ {Why}: this node does not become the head")]
        public static partial void NotListed(ILogger logger, string why);
    }
}
