using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Leadership;

/// <summary>
/// Calls the sandboxes of a node that has been dead for longer than the grace lost, with that reason. A node that returns
/// before keeps them. Starts that were under way there need nothing: their job's lease ends and another node claims it.
/// </summary>
internal sealed partial class DeadNodes(
    INodeStore nodes, DutyRecords records, SandboxTransitions transitions, TimeProvider time, ILogger<DeadNodes> logger)
    : IClusterDuty
{
    private const int PageSize = 200;

    public TimeSpan Every => TimeSpan.FromSeconds(2);

    /// <summary>When the whole cluster was away, the head is the first to be back, and every node has been silent for long.</summary>
    public TimeSpan LookOn => NodeView.LostGrace;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var node in await nodes.ListAsync(cancellationToken))
        {
            if (node.IsDead && node.Silence >= NodeView.DeadAfter + NodeView.LostGrace)
            {
                await LoseAsync(node, cancellationToken);
            }
        }
    }

    /// <summary>What was lost is no longer among the running, so the first page is read until no transition on it succeeds.</summary>
    private async Task LoseAsync(NodeView node, CancellationToken cancellationToken)
    {
        var query = new SandboxQuery(
            [SandboxState.Running], new Dictionary<string, string> { ["host_name"] = node.Facts.Name }, Page: 1, PageSize);
        int lost;
        do
        {
            lost = 0;
            foreach (var record in (await records.Store.ListAsync(query, cancellationToken)).Items)
            {
                lost += await TryLoseAsync(record, node, cancellationToken) ? 1 : 0;
            }
        }
        while (lost > 0);
    }

    private async Task<bool> TryLoseAsync(SandboxInstance record, NodeView node, CancellationToken cancellationToken)
    {
        var reason = node.Left
            ? $"its node {node.Facts.Name} left and did not return"
            : $"its node {node.Facts.Name} is gone, silent for {node.Silence.TotalSeconds:0} s";
        if (!transitions.Lost(record, reason, time.GetUtcNow()).TryGet(out var transition, out _)
            || !await records.Store.TryTransitionAsync(transition, cancellationToken))
        {
            return false;
        }

        Log.Lost(logger, record.Id, reason);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(4341, LogLevel.Warning, "Sandbox {SandboxId} is lost: {Reason}")]
        public static partial void Lost(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);
    }
}
