using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leadership;
using Sandbox.Node.Membership;

namespace Sandbox.Worker.Head;

/// <summary>
/// The election by the health service, which says who is the head. Its lease is the same row that this node sees in the store,
/// so while no instance of it answers, the row is asked directly: a head stays one, a free place is taken, and a head that is
/// alive is never harmed, because there is one row.
/// </summary>
/// <param name="leases">Null: this process has no store, and is a head by its lease only while the health service answers.</param>
internal sealed partial class HealthElection(
    ILeaseStore? leases, NodeRegistration registration, HealthClient health, StartupRoleService startup, NodeRole role, FatalExit end,
    ILogger<HealthElection> logger) : ILeaderElection
{
    private const int Renewals = 4;

    private bool _isAlone;
    private TimeSpan _next = LeaderLease.Every;

    public TimeSpan Length { get; private set; } = LeaderLease.Length;

    public TimeSpan Pause => _next;

    private TimeSpan Quarter => Length / Renewals;

    public Task<bool> MayStandAsync(CancellationToken cancellationToken) => startup.MayStandAsync(cancellationToken);

    public async Task<Lease?> TryTakeAsync(CancellationToken cancellationToken)
    {
        var reply = await health.AcquireAsync(new AcquireRequest(registration.Node, registration.Instance), cancellationToken);
        Hear(reply);
        switch (reply.Kind)
        {
            case HealthReplyKind.Answered when reply.Answer!.Mode == HeadAnswer.Head:
                return Accept(reply.Answer);
            case HealthReplyKind.Answered:
                role.Become(NodeMode.Worker, reply.Reason);
                return null;
            case HealthReplyKind.Unregistered:
                // It was started again, and what it knew was in its memory.
                Hear(await health.RegisterAsync(registration.Registration, cancellationToken));
                return null;
            case HealthReplyKind.Unreachable or HealthReplyKind.NoElection:
                return await TakeAloneAsync(cancellationToken);
            default:
                Log.Refused(logger, reply.Reason);
                role.Become(NodeMode.Worker, reply.Reason);
                return null;
        }
    }

    public async Task<bool> TryKeepAsync(Lease lease, CancellationToken cancellationToken)
    {
        var reply = await health.HeartbeatAsync(
            new HeartbeatRequest(registration.Node, registration.Instance, lease.Epoch), Quarter, cancellationToken);
        Hear(reply);
        switch (reply.Kind)
        {
            case HealthReplyKind.Answered:
                return true;
            case HealthReplyKind.Unregistered
                when (await health.RegisterAsync(registration.Registration, cancellationToken)).Kind is HealthReplyKind.Answered:
                return (await health.HeartbeatAsync(
                    new HeartbeatRequest(registration.Node, registration.Instance, lease.Epoch), Quarter, cancellationToken))
                    .Kind is HealthReplyKind.Answered;
            case HealthReplyKind.Unreachable or HealthReplyKind.NoElection when leases is not null:
                return await leases.TryRenewAsync(lease, Length, cancellationToken);
            case HealthReplyKind.Unreachable or HealthReplyKind.NoElection:
                // No one to ask: the lease ends by this process's own clock.
                throw new HttpRequestException(reply.Reason);
            default:
                Log.Refused(logger, reply.Reason);
                return false;
        }
    }

    public void OnLost() => role.Become(NodeMode.Worker, "this node's lease as the head has ended");

    public async Task LeaveAsync(Lease? lease, CancellationToken cancellationToken)
    {
        var reply = await health.HeartbeatAsync(
            new HeartbeatRequest(registration.Node, registration.Instance, lease?.Epoch ?? 0, Leaving: true), Quarter, cancellationToken);
        if (lease is not null && leases is not null && reply.Kind is not HealthReplyKind.Answered)
        {
            await leases.ReleaseAsync(lease, cancellationToken);
        }
    }

    private Lease? Accept(HeadAnswer answer)
    {
        if (leases is not null && answer.Store == HeadAnswer.InMemory)
        {
            end.Request(
                "HEALTH_URL: the health service keeps its lease in memory, so nothing that this node writes as the head could be fenced; "
                + "give the service the connection string of the cluster's Postgres (ConnectionStrings:sandbox).");
            return null;
        }

        role.Become(NodeMode.Head, $"this node is the head, lease_version {answer.LeaseVersion}");
        return new Lease(Lease.Head, registration.Holder, answer.LeaseVersion);
    }

    /// <summary>Without the health service the row decides, as it does where there is none at all.</summary>
    private async Task<Lease?> TakeAloneAsync(CancellationToken cancellationToken)
    {
        if (leases is null)
        {
            return null;
        }

        // A request that was not answered may have been carried out: what is this process's already is not taken anew.
        var row = await leases.FindAsync(Lease.Head, cancellationToken);
        var mine = row is { Left.Ticks: > 0 } && row.Holder == registration.Holder
            ? new Lease(Lease.Head, registration.Holder, row.Epoch)
            : null;
        var lease = mine is not null && await leases.TryRenewAsync(mine, Length, cancellationToken)
            ? mine
            : await leases.TryAcquireAsync(Lease.Head, registration.Holder, Length, cancellationToken);
        if (lease is null)
        {
            role.Become(NodeMode.Worker, $"{(row is null ? "another" : HeadHolder.NodeOf(row.Holder))} holds the head's lease");
            return null;
        }

        role.Become(NodeMode.Head, $"this node holds the head's lease, lease_version {lease.Epoch}");
        return lease;
    }

    private void Hear(HealthReply reply)
    {
        _next = Quarter;
        if (reply.Answer is { } answer)
        {
            Length = TimeSpan.FromMilliseconds(answer.LeaseMs);
            role.Hear(answer);

            // A node that waits asks when the lease can have ended, and not up to a quarter later.
            _next = answer.RetryAfterMs is { } left && answer.Mode != HeadAnswer.Head && left < Quarter.TotalMilliseconds
                ? TimeSpan.FromMilliseconds(left + 1)
                : Quarter;
        }

        var isAlone = reply.Kind is HealthReplyKind.Unreachable;
        if (isAlone != _isAlone)
        {
            _isAlone = isAlone;
            if (isAlone)
            {
                Log.Alone(logger, reply.Reason);
            }
            else
            {
                Log.Back(logger);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            4441, LogLevel.Warning,
            "⚠ The health service does not answer ({Reason}); until it does, the head's lease in the store decides")]
        public static partial void Alone(ILogger logger, string reason);

        [LoggerMessage(4442, LogLevel.Information, "✓ The health service answers")]
        public static partial void Back(ILogger logger);

        [LoggerMessage(4443, LogLevel.Warning, "✗ The health service refuses this node as the head: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
