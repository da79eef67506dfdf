using Microsoft.Extensions.Options;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>
/// This node's membership in the cluster: takes the lease of its name, renews it with each heartbeat, and stops acting by its own
/// clock before any other process may think that it is gone. A node that lost the lease takes it anew, under a new epoch, and adopts
/// what still runs. A name that another process keeps, and a secret that the others do not accept, end the process.
/// </summary>
internal sealed partial class NodeMembership(
    INodeStore nodes, NodeLease nodeLease, NodeIdentity node, NodeAddress address, NodeCapacityReservations reservations, NodeHealth health,
    AgentGateway gateway, ILeaderElection election,
    PeerSecretCheck peers, FatalExit end, IHostApplicationLifetime lifetime, IOptions<NodeOptions> options, TimeProvider time,
    ILogger<NodeMembership> logger)
    : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    private readonly string _holder = $"{node.Name}/{Guid.NewGuid():N}";
    private bool _wasRefused;

    /// <summary>After everything that acts under the lease has stopped: the name is free at once, and the node known as gone.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        if (nodeLease.Slot.Leave() is { } held)
        {
            await TryAsync(() => nodes.LeaveAsync(held.Lease, cancellationToken));
        }
    }

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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await StartedAsync(stoppingToken);
        await election.MayStandAsync(stoppingToken);
        await health.FirstLook.WaitAsync(stoppingToken);
        if (!await IsAcceptedByPeersAsync(stoppingToken))
        {
            return;
        }

        long? refusedSince = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            SandboxError? refused = null;
            await TryAsync(async () => refused = await BeatAsync(stoppingToken));
            refusedSince = refused is null ? null : refusedSince ?? time.GetTimestamp();

            // A process that was killed keeps the name until its lease ends; only one that lives keeps it for longer.
            if (refusedSince is { } since && !options.Value.StandsBy
                && time.GetElapsedTime(since) > options.Value.Lease + options.Value.Heartbeat)
            {
                end.Request(refused!.Text);
                return;
            }

            await PauseAsync(nodeLease.Current is null ? AskAgain : options.Value.Heartbeat, stoppingToken);
        }
    }

    /// <summary>That the process was told to end is told at once: until the APIs know, they send calls here.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        var toldToEnd = lifetime.ApplicationStopping.IsCancellationRequested ? CancellationToken.None : lifetime.ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, toldToEnd);
        try
        {
            await Task.Delay(pause, time, either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // The next heartbeat says so.
        }
    }

    private async Task<bool> IsAcceptedByPeersAsync(CancellationToken stoppingToken)
    {
        for (var asked = false; ; await Task.Delay(AskAgain, time, stoppingToken))
        {
            string? refused = null;
            await TryAsync(async () => (refused, asked) = (await peers.WhyRefusedAsync(stoppingToken), true));
            if (asked)
            {
                if (refused is not null)
                {
                    end.Request(refused);
                }

                return refused is null;
            }
        }
    }

    private async Task<SandboxError?> RegisterAsync(CancellationToken cancellationToken)
    {
        var (asked, length) = (time.GetTimestamp(), options.Value.Lease);
        var facts = new NodeFacts(
            node.Name, address.Find(), node.Address, reservations.Whole, options.Value.Labels.AsReadOnly(), health.Kinds,
            typeof(NodeMembership).Assembly.GetName().Version?.ToString(3) ?? "");
        if (!(await nodes.TryRegisterAsync(facts, _holder, length, cancellationToken)).TryGet(out var lease, out var refused))
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
        var load = new NodeLoad(reservations.Free, gateway.Admitted.Count, health.Unavailable)
        {
            Leaving = lifetime.ApplicationStopping.IsCancellationRequested,
        };
        if (!await nodes.TryHeartbeatAsync(held.Lease, load, options.Value.Lease, cancellationToken))
        {
            held.End();
        }
        else if (held.TryRenew(asked))
        {
            nodeLease.Drain(await nodes.FindAsync(node.Name, cancellationToken) is { Draining: true });
        }
    }

    /// <summary>The address is known, and others can come in, only once the server listens.</summary>
    private async Task StartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }

    private async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.BeatFailed(logger, exception.Message);
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
