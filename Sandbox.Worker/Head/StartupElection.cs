using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Node.Membership;

namespace Sandbox.Worker.Head;

/// <summary>Stands for election at the health service when the process starts.</summary>
internal sealed partial class StartupElection(
    HeadSettings settings, NodeRegistration registration, HealthClient health, NodeRole role, FatalExit end, TimeProvider time,
    ILogger<StartupElection> logger)
{
    /// <summary>What the health service says, after as many attempts as it is given. A null word: it does not know this node's
    /// secret.</summary>
    public async Task<(ElectionReply? Word, HeadAddress? Elected)> AskAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= settings.HealthMaxRetries; attempt++)
        {
            var silent = await health.GreetAsync(cancellationToken);
            var reply = silent is null ? await StandAsync(cancellationToken) : HealthReply.Silent(silent);
            switch (reply.Kind)
            {
                case HealthReplyKind.Denied:
                    Log.Denied(logger, reply.Reason);
                    end.Request($"HEALTH_URL: {reply.Reason}.");
                    return default;
                case HealthReplyKind.Answered:
                    Log.Answers(logger, reply.Reason);
                    role.Hear(reply.Answer!);
                    return (reply.Answer!.Mode == HeadAnswer.Head ? ElectionReply.Granted : ElectionReply.Refused, AddressOf(reply.Answer));
                case HealthReplyKind.NoElection:
                    Log.ElectsNobody(logger);
                    return (ElectionReply.Bare, null);
                default:
                    Log.TryFailed(logger, attempt, settings.HealthMaxRetries, reply.Reason);
                    break;
            }

            if (attempt < settings.HealthMaxRetries)
            {
                await Task.Delay(settings.HealthRetryInterval, time, cancellationToken);
            }
        }

        Log.FailSafe(logger, settings.HealthMaxRetries);
        return (ElectionReply.Unreachable, null);
    }

    private async Task<HealthReply> StandAsync(CancellationToken cancellationToken)
    {
        var registered = await health.RegisterAsync(registration.Registration, cancellationToken);
        var reply = registered.Kind is HealthReplyKind.Answered
            ? await health.AcquireAsync(new AcquireRequest(registration.Node, registration.Instance), cancellationToken)
            : registered;

        // Another process of this name came between: it is the one that counts now.
        return reply.Kind is HealthReplyKind.Conflict or HealthReplyKind.Unregistered
            ? reply with { Kind = HealthReplyKind.Answered } : reply;
    }

    private static HeadAddress? AddressOf(HeadAnswer answer) =>
        answer is { HeadHost: { } host, HeadPort: { } port } ? new HeadAddress(host, port) : null;

    private static partial class Log
    {
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
    }
}
