using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Health.Service.Heads;

/// <summary>
/// Decides who is the head. The whitelist says who may be it, a lease who is: its epoch is the <c>lease_version</c>, and where it is a row
/// of the cluster's database it is what every cluster-wide write is fenced by. Instances of this service share nothing but that
/// row, so any number of them agree. While the lease is free, a node waits for those that stand before it in the whitelist
/// and were heard of a moment ago; a node that holds it is never pushed out.
/// </summary>
internal sealed partial class HeadElection(
    ILeaseStore leases, IMemberStore members, HeadWhitelist whitelist, IOptions<HealthOptions> options, ILogger<HeadElection> logger)
{
    private TimeSpan Length => options.Value.Lease;

    /// <summary>A node that asks for the lease again and again, at a quarter of it, is heard of within this.</summary>
    private TimeSpan Recently => Length / 2;

    /// <summary>The node whose head it is now; null: none.</summary>
    public async Task<string?> HeadNodeAsync(CancellationToken cancellationToken) =>
        await leases.FindAsync(Lease.Head, cancellationToken) is { } lease && lease.Left > TimeSpan.Zero
            ? HeadHolder.NodeOf(lease.Holder) : null;

    /// <summary>How it stands, for this node; null: for none in particular.</summary>
    public async Task<HeadAnswer> LookAsync(string? node, string reason, CancellationToken cancellationToken) =>
        Answer(node, await leases.FindAsync(Lease.Head, cancellationToken), await members.ListAsync(cancellationToken), reason);

    public async Task<HeadReply> AcquireAsync(string node, string instance, CancellationToken cancellationToken)
    {
        if (await WhyUnheardAsync(node, instance, cancellationToken) is { } unheard)
        {
            return unheard;
        }

        var all = await members.ListAsync(cancellationToken);
        var lease = await leases.FindAsync(Lease.Head, cancellationToken);
        if (PlaceOf(node, all, out var why) is not { } place)
        {
            return Fine(Answer(node: null, lease, all, why));
        }

        var holder = HeadHolder.Of(node, instance);
        if (lease is { Left.Ticks: > 0 } held)
        {
            if (held.Holder != holder && HeadHolder.NodeOf(held.Holder) != node)
            {
                return Fine(Answer(node, lease, all, $"{HeadHolder.NodeOf(held.Holder)} is the head"));
            }

            // Asked again, because the answer was lost, it gets the same lease; an earlier life of the node's is over.
            if (held.Holder == holder && await leases.TryRenewAsync(new Lease(Lease.Head, holder, held.Epoch), Length, cancellationToken))
            {
                return Fine(Answer(node, held, all, $"{node} is the head already"));
            }

            await leases.ReleaseAsync(new Lease(Lease.Head, held.Holder, held.Epoch), cancellationToken);
        }
        else if (FirstBefore(place, node, all) is { } first)
        {
            return Fine(Answer(node, lease, all, $"the head's place is free, and {first} comes before {node} in the whitelist"));
        }

        return await TakeAsync(node, holder, all, cancellationToken);
    }

    /// <summary>409 with who is the head, when the node is not it under that version.</summary>
    public async Task<HeadReply> HeartbeatAsync(HeartbeatRequest beat, CancellationToken cancellationToken)
    {
        var mine = new Lease(Lease.Head, HeadHolder.Of(beat.Node, beat.Instance), beat.LeaseVersion);
        if (beat.Leaving)
        {
            await members.ForgetAsync(beat.Node, beat.Instance, cancellationToken);
            await leases.ReleaseAsync(mine, cancellationToken);
            return Fine(await LookAsync(node: null, $"{beat.Node} has left", cancellationToken));
        }

        if (await WhyUnheardAsync(beat.Node, beat.Instance, cancellationToken) is { } unheard)
        {
            return unheard;
        }

        var isHead = await leases.TryRenewAsync(mine, Length, cancellationToken);
        var all = await members.ListAsync(cancellationToken);
        var lease = await leases.FindAsync(Lease.Head, cancellationToken);
        if (isHead && lease?.Epoch == beat.LeaseVersion)
        {
            return Fine(Answer(beat.Node, lease, all, $"{beat.Node} is the head"));
        }

        Log.LateHeartbeat(logger, beat.Node, beat.LeaseVersion, lease?.Epoch ?? 0);
        return new HeadReply(
            StatusCodes.Status409Conflict,
            Answer(node: null, lease, all,
                $"lease_version {beat.LeaseVersion} of {beat.Node} is not the head's any more, that is {lease?.Epoch ?? 0}"));
    }

    private static HeadReply Fine(HeadAnswer answer) => new(StatusCodes.Status200OK, answer);

    private async Task<HeadReply> TakeAsync(string node, string holder, IReadOnlyList<MemberView> all, CancellationToken cancellationToken)
    {
        var taken = await leases.TryAcquireAsync(Lease.Head, holder, Length, cancellationToken);
        var lease = await leases.FindAsync(Lease.Head, cancellationToken);
        if (taken is null)
        {
            return Fine(Answer(node: null, lease, all, "another node was quicker"));
        }

        Log.Taken(logger, node, taken.Epoch);
        return Fine(Answer(node, new LeaseView(taken.Name, taken.Holder, taken.Epoch, Length), all, $"{node} takes the head's place"));
    }

    /// <summary>Null: it may go on.</summary>
    private async Task<HeadReply?> WhyUnheardAsync(string node, string instance, CancellationToken cancellationToken) =>
        await members.SeeAsync(node, instance, cancellationToken) switch
        {
            Sighting.Known => null,
            Sighting.Unknown => new HeadReply(
                StatusCodes.Status404NotFound, await LookAsync(node: null, $"{node} is not registered here", cancellationToken)),
            _ => new HeadReply(
                StatusCodes.Status409Conflict,
                await LookAsync(
                    node: null, $"another process has registered as {node} since; give each node a name of its own", cancellationToken)),
        };

    private int? PlaceOf(string node, IReadOnlyList<MemberView> all, out string why) =>
        whitelist.PlaceOf(node, all.FirstOrDefault(view => view.Member.Node == node)?.Member.HeadPort ?? 0, out why);

    /// <summary>The node that comes before it and will ask in a moment, too; null: none.</summary>
    private string? FirstBefore(int place, string node, IReadOnlyList<MemberView> all) =>
        all.Where(view => view.Member.Node != node && view.Silence < Recently)
            .Select(view => (view.Member.Node, Place: whitelist.PlaceOf(view.Member.Node, view.Member.HeadPort, out _)))
            .Where(other => other.Place < place)
            .OrderBy(other => other.Place)
            .FirstOrDefault().Node;

    private HeadAnswer Answer(string? node, LeaseView? lease, IReadOnlyList<MemberView> all, string reason)
    {
        var head = lease is { Left.Ticks: > 0 } ? HeadHolder.NodeOf(lease.Holder) : null;
        var member = all.FirstOrDefault(view => view.Member.Node == head)?.Member;
        return new HeadAnswer
        {
            Mode = node is not null && head == node ? HeadAnswer.Head : HeadAnswer.Worker,
            HeadNode = head,
            HeadHost = member?.Host,
            HeadPort = member?.HeadPort,
            HeadClientPort = member?.HeadClientPort,
            LeaseVersion = lease?.Epoch ?? 0,
            LeaseMs = (int)Length.TotalMilliseconds,
            RetryAfterMs = head is null ? null : (int)Math.Clamp(lease!.Left.TotalMilliseconds, 1, Length.TotalMilliseconds),
            Store = StorageServiceCollectionExtensions.IsShared(leases) ? HeadAnswer.InPostgres : HeadAnswer.InMemory,
            Reason = reason,
        };
    }

    private static partial class Log
    {
        [LoggerMessage(6031, LogLevel.Information, "{Node} is the head now, lease_version {Version}")]
        public static partial void Taken(ILogger logger, string node, long version);

        [LoggerMessage(6032, LogLevel.Warning, "{Node} sent a heartbeat under lease_version {Late}; it is {Current} by now")]
        public static partial void LateHeartbeat(ILogger logger, string node, long late, long current);
    }
}

/// <param name="Status">Of HTTP.</param>
internal sealed record HeadReply(int Status, HeadAnswer Answer);
