using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>
/// Takes the lease of this node's name, and renews it with each heartbeat. A node that lost the lease takes it anew, under a new epoch,
/// and adopts what still runs.
/// </summary>
internal sealed partial class NodeHeartbeat(
    INodeStore nodes, NodeLease nodeLease, NodeIdentity node, NodeReport report, IOptions<NodeOptions> options, TimeProvider time,
    ILogger<NodeHeartbeat> logger)
{
    private readonly string _holder = $"{node.Name}/{Guid.NewGuid():N}";
    private bool _wasRefused;

    /// <summary>Whether this process is the node now.</summary>
    public bool IsMember => nodeLease.Current is not null;

    /// <summary>One round: registers, or renews. Null: nothing came of it.</summary>
    internal async Task<SandboxError?> BeatAsync(CancellationToken cancellationToken)
    {
        if (nodeLease.Slot.Held is { IsHeld: true } held)
        {
            await RenewAsync(held, cancellationToken);
            return null;
        }

        if (nodeLease.Slot.Leave() is { } lost)
        {
            Log.Fenced(logger, node.Name, lost.Lease.Epoch);
        }

        return await RegisterAsync(cancellationToken);
    }

    /// <summary>The same, where a store that does not answer is logged and no reason to stop.</summary>
    public async Task<SandboxError?> TryBeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await BeatAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.BeatFailed(logger, exception.Message);
            return null;
        }
    }

    /// <summary>Gives the name back, so that it is free at once, and the node known as gone.</summary>
    public async Task TryLeaveAsync(CancellationToken cancellationToken)
    {
        if (nodeLease.Slot.Leave() is not { } held)
        {
            return;
        }

        try
        {
            await nodes.LeaveAsync(held.Lease, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.BeatFailed(logger, exception.Message);
        }
    }

    private async Task<SandboxError?> RegisterAsync(CancellationToken cancellationToken)
    {
        var (asked, length) = (time.GetTimestamp(), options.Value.Lease);
        if (!(await nodes.TryRegisterAsync(report.Facts(), _holder, length, cancellationToken)).TryGet(out var lease, out var refused))
        {
            if (!_wasRefused)
            {
                _wasRefused = true;
                Log.NameTaken(logger, node.Name);
            }

            return refused;
        }

        var held = new HeldLease(lease, length, asked, time);
        nodeLease.Slot.Take(held);
        _wasRefused = false;
        Log.Registered(logger, node.Name, lease.Epoch);
        await RenewAsync(held, cancellationToken);
        return null;
    }

    private async Task RenewAsync(HeldLease held, CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        if (!await nodes.TryHeartbeatAsync(held.Lease, report.Load(), options.Value.Lease, cancellationToken))
        {
            held.End();
        }
        else if (held.TryRenew(asked))
        {
            nodeLease.Drain(await nodes.FindAsync(node.Name, cancellationToken) is { Draining: true });
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4311, LogLevel.Information, "Node {Node} is part of the cluster, epoch {Epoch}")]
        public static partial void Registered(ILogger logger, string node, long epoch);

        [LoggerMessage(4312, LogLevel.Warning, "Node {Node} has lost its lease of epoch {Epoch} and stops acting under it")]
        public static partial void Fenced(ILogger logger, string node, long epoch);

        [LoggerMessage(4313, LogLevel.Warning, "The name {Node} is still held by another process, perhaps by an earlier life of this one")]
        public static partial void NameTaken(ILogger logger, string node);

        [LoggerMessage(4314, LogLevel.Warning, "The store took no heartbeat: {Reason}")]
        public static partial void BeatFailed(ILogger logger, string reason);
    }
}
