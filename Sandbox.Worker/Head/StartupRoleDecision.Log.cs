using Sandbox.Domain.Heads;

namespace Sandbox.Worker.Head;

internal sealed partial class StartupRoleDecision
{
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

        [LoggerMessage(4415, LogLevel.Information, "✓ The health service answers: {Reason}")]
        public static partial void Answers(ILogger logger, string reason);

        [LoggerMessage(
            4416, LogLevel.Information,
            "✓ Something answers where the health service is to be, but it elects no head: the other nodes of the whitelist are asked")]
        public static partial void ElectsNobody(ILogger logger);

        [LoggerMessage(4417, LogLevel.Warning, "✗ Health service, try {Attempt} of {Tries}: {Reason}")]
        public static partial void TryFailed(ILogger logger, int attempt, int tries, string reason);

        [LoggerMessage(
            4418, LogLevel.Warning,
            "⚠ The health service did not answer in {Tries} tries. This node is in the whitelist and goes on as the head by itself "
                + "(fail-safe); if another holds the head's lease, it writes nothing as the head")]
        public static partial void FailSafe(ILogger logger, int tries);

        [LoggerMessage(4419, LogLevel.Error, "✗ {Reason}")]
        public static partial void Denied(ILogger logger, string reason);

        [LoggerMessage(4420, LogLevel.Information, "→ Is {Peer} the head?")]
        public static partial void Probes(ILogger logger, HeadAddress peer);

        [LoggerMessage(4422, LogLevel.Information, "✓ {Peer} is the head")]
        public static partial void Found(ILogger logger, HeadAddress peer);

        [LoggerMessage(4423, LogLevel.Information, "✗ {Peer}: {Why}")]
        public static partial void NotFound(ILogger logger, HeadAddress peer, string why);
    }
}
