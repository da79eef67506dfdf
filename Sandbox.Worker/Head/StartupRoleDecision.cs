using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Node.Membership;

namespace Sandbox.Worker.Head;

/// <summary>
/// Decides when the process starts whether this node is head or worker, in the steps and with the log lines of source document
/// 004: the whitelist; for a node in it the health service, which elects, and where a server only answers the other nodes'
/// roles; for every other node the head to join, which must be there. What <see cref="HeadDecision"/> makes of the answers is a
/// beginning: from then on the lease says who is the head.
/// </summary>
internal sealed partial class StartupRoleDecision(
    HeadSettings settings, NodeRegistration registration, HealthClient health, HeadProbe probe, HeadDiscovery search, NodeRole role,
    FatalExit end, IHostApplicationLifetime lifetime,
    TimeProvider time, ILogger<StartupRoleDecision> logger) : BackgroundService
{
    /// <summary>A node that never is the head is heard of so often.</summary>
    private static readonly TimeSpan RegisterEvery = TimeSpan.FromSeconds(5);

    private readonly TaskCompletionSource<bool> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether this node may ever be the head; completes when it is decided. Not at all where the process ends instead.</summary>
    public Task<bool> MayStandAsync(CancellationToken cancellationToken) => _made.Task.WaitAsync(cancellationToken);

    /// <summary>Null: the process is to end.</summary>
    internal async Task<HeadChoice?> DecideAsync(CancellationToken cancellationToken)
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

        var (word, elected, found) = isListed ? await AskAsync(cancellationToken) : (ElectionReply.Unreachable, null, null);
        if (word is null)
        {
            return null;
        }

        var choice = HeadDecision.Decide(new HeadQuestion(
            settings.Whitelist, registration.Node, registration.HeadPort, settings.HeadAddress, settings.ConfiguredHead, word.Value,
            elected, found));
        role.Become(choice.Mode, ReasonOf(choice));
        return isListed || await search.TryReachAsync(choice.Target!, cancellationToken) ? choice : null;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await StartedAsync(stoppingToken);
        if (await DecideAsync(stoppingToken) is null)
        {
            return;
        }

        var mayStand = settings.Whitelist.PlaceOf(registration.Node, registration.HeadPort, out _) is not null;
        _made.TrySetResult(mayStand);
        using var ticks = new PeriodicTimer(RegisterEvery, time);
        while (!mayStand)
        {
            if ((await health.RegisterAsync(registration.Registration, stoppingToken)).Answer is { } answer)
            {
                role.Hear(answer);
            }

            await ticks.WaitForNextTickAsync(stoppingToken);
        }
    }

    /// <summary>What the health service says, after as many attempts as it is given. A null word: it does not know this node's
    /// secret.</summary>
    private async Task<(ElectionReply? Word, HeadAddress? Elected, HeadAddress? Found)> AskAsync(CancellationToken cancellationToken)
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
                    return (reply.Answer!.Mode == HeadAnswer.Head ? ElectionReply.Granted : ElectionReply.Refused, AddressOf(reply.Answer),
                        null);
                case HealthReplyKind.NoElection:
                    Log.ElectsNobody(logger);
                    return (ElectionReply.Bare, null, await FindAsync(cancellationToken));
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
        return (ElectionReply.Unreachable, null, null);
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

    private async Task<HeadAddress?> FindAsync(CancellationToken cancellationToken)
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

    private static HeadAddress? AddressOf(HeadAnswer answer) =>
        answer is { HeadHost: { } host, HeadPort: { } port } ? new HeadAddress(host, port) : null;

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

    /// <summary>Its own ports are known, and others can ask for its role, only once the server listens.</summary>
    private async Task StartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var subscription = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }
}
