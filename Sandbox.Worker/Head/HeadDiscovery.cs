using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Node.Membership;

namespace Sandbox.Worker.Head;

/// <summary>Finds the head, and waits for it where this node is a worker. A node that is not the head may know which one is, and so
/// does the health service; a process that finds none ends, and says what to look at.</summary>
internal sealed partial class HeadDiscovery(
    HeadSettings settings, NodeRegistration registration, HeadProbe probe, HealthClient health, FatalExit end, TimeProvider time,
    ILogger<HeadDiscovery> logger)
{
    private const int ReportEvery = 10;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>False: it was not there, and the process is to end.</summary>
    public async Task<bool> TryReachAsync(HeadAddress target, CancellationToken cancellationToken)
    {
        Log.WaitsFor(logger, target, settings.WaitForHead, target.Host);
        var why = "not asked";
        for (var attempt = 1; attempt <= settings.WaitForHead; attempt++)
        {
            (var head, why) = await FindAsync(target, cancellationToken);
            if (head is not null)
            {
                Log.Reached(logger, head);
                return true;
            }

            if (attempt % ReportEvery == 0)
            {
                Log.StillWaits(logger, target, attempt, settings.WaitForHead, why);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        GiveUp(target, why);
        return false;
    }

    /// <summary>Asks the other nodes of the whitelist which of them is the head. Null: none is.</summary>
    public async Task<HeadAddress?> FindPeerAsync(CancellationToken cancellationToken)
    {
        foreach (var peer in HeadDecision.PeersOf(settings.Whitelist, registration.Node, registration.HeadPort))
        {
            Log.Probes(logger, peer);
            var (told, why) = await probe.AskAsync(peer, settings.DiscoveryTimeout, cancellationToken);
            if (told?.Mode == HeadAnswer.Head)
            {
                Log.Found(logger, peer);
                return peer;
            }

            Log.NotFound(logger, peer, why);
        }

        return null;
    }

    private async Task<(HeadAddress? Head, string Why)> FindAsync(HeadAddress target, CancellationToken cancellationToken)
    {
        var (told, why) = await probe.AskAsync(target, Within, cancellationToken);
        if (told?.Mode == HeadAnswer.Head)
        {
            return (target, why);
        }

        var other = told is { HeadHost: { } host, HeadPort: { } port }
            ? new HeadAddress(host, port) : await AskHealthAsync(cancellationToken);
        if (other is null || other == target)
        {
            return (null, why);
        }

        Log.Redirected(logger, target, why, other);
        (told, var whyOther) = await probe.AskAsync(other, Within, cancellationToken);
        return told?.Mode == HeadAnswer.Head ? (other, why) : (null, $"{why}; {other}: {whyOther}");
    }

    private async Task<HeadAddress?> AskHealthAsync(CancellationToken cancellationToken) =>
        await health.CurrentAsync(cancellationToken) is { Answer: { HeadHost: { } host, HeadPort: { } port } }
            ? new HeadAddress(host, port) : null;

    private void GiveUp(HeadAddress target, string why)
    {
        Log.GivesUp(logger, target, settings.WaitForHead, why);
        Log.Hint(logger, 1, $"is the head running? It logs the line 'Mode: head', and GET http://{target}{HealthRoutes.Role} answers");
        Log.Hint(logger, 2, $"can this machine reach it? ping {target.Host}");
        Log.Hint(logger, 3, $"does the name mean the right machine here? getent hosts {target.Host}");
        Log.Hint(logger, 4, $"does a firewall, or a port that is not published, keep port {target.Port} from this machine?");
        end.Request($"HEAD_ADDRESS: no head answers at {target} ({why}); WAIT_FOR_HEAD says how long to wait.");
    }

    private static partial class Log
    {
        [LoggerMessage(4420, LogLevel.Information, "→ Is {Peer} the head?")]
        public static partial void Probes(ILogger logger, HeadAddress peer);

        [LoggerMessage(4422, LogLevel.Information, "✓ {Peer} is the head")]
        public static partial void Found(ILogger logger, HeadAddress peer);

        [LoggerMessage(4423, LogLevel.Information, "✗ {Peer}: {Why}")]
        public static partial void NotFound(ILogger logger, HeadAddress peer, string why);

        [LoggerMessage(
            4431, LogLevel.Information,
            "→ Joins the head, HEAD_ADDRESS={Target}, in up to {Tries} tries (the name {Host} must be known here)")]
        public static partial void WaitsFor(ILogger logger, HeadAddress target, int tries, string host);

        [LoggerMessage(4432, LogLevel.Information, "✓ The head answers at {Head}")]
        public static partial void Reached(ILogger logger, HeadAddress head);

        [LoggerMessage(4433, LogLevel.Information, "→ Still no head at {Target} after {Attempt} of {Tries} tries: {Why}")]
        public static partial void StillWaits(ILogger logger, HeadAddress target, int attempt, int tries, string why);

        [LoggerMessage(4434, LogLevel.Information, "→ {Target} is not the head ({Why}); the head is said to be {Other}")]
        public static partial void Redirected(ILogger logger, HeadAddress target, string why, HeadAddress other);

        [LoggerMessage(4435, LogLevel.Error, "✗ ERROR: no head answers at HEAD_ADDRESS={Target} after {Tries} tries: {Why}")]
        public static partial void GivesUp(ILogger logger, HeadAddress target, int tries, string why);

        [LoggerMessage(4436, LogLevel.Error, "Hint {Number}: {Hint}")]
        public static partial void Hint(ILogger logger, int number, string hint);
    }
}
