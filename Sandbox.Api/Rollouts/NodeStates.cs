using Sandbox.Api.Tenancy;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Status;

namespace Sandbox.Api.Rollouts;

/// <summary>The machines: what the cluster says of its nodes, beside what the inventory says that there should be.</summary>
internal sealed partial class NodeStates(
    INodeStore nodes, ILeaseStore leases, TenantScopedRecords records, RolloutAccess rollout, ILogger<NodeStates> logger)
{
    private const int MostSandboxes = 1000;

    private static readonly Dictionary<string, string> NoFields = [];

    /// <summary>By name.</summary>
    public async Task<IReadOnlyList<NodeState>> ListAsync(CancellationToken cancellationToken)
    {
        var (known, inventory, head) = (
            await nodes.ListAsync(cancellationToken), await InventoryAsync(cancellationToken), await HeadAsync(cancellationToken));
        var page = await records.ListAsync(
            new SandboxQuery([SandboxState.Running], NoFields, PageSize: MostSandboxes) { IsBrief = true }, cancellationToken);
        var running = page.Items.ToLookup(record => record.HostName);
        var ofCluster = known.Select(node => StateOf(node, inventory, head, [.. running[node.Facts.Name]]));
        var others = inventory is null ? [] : inventory.Machines.Keys
            .Where(machine => known.All(node => NameIn(inventory, node) != machine))
            .Select(machine => new NodeState(
                machine, Node: null, AddressOf(inventory, machine), inventory.Heads.Contains(machine), []));
        return [.. ofCluster.Concat(others).OrderBy(state => state.Name, StringComparer.Ordinal)];
    }

    /// <summary>What the cluster says of the inventory's machines now; null: none of them is a node of this cluster, so that it cannot
    /// say.</summary>
    public async Task<ClusterAnswer?> AnswerAsync(CancellationToken cancellationToken)
    {
        if (await InventoryAsync(cancellationToken) is not { } inventory)
        {
            return null;
        }

        var known = new Dictionary<string, bool>();
        foreach (var node in await nodes.ListAsync(cancellationToken))
        {
            if (NameIn(inventory, node) is { } machine)
            {
                known[machine] = !node.IsDead;
            }
        }

        if (known.Count == 0)
        {
            return null;
        }

        foreach (var worker in inventory.Workers)
        {
            known.TryAdd(worker, false);
        }

        return new ClusterAnswer(await HeadAsync(cancellationToken) is not null, known);
    }

    private static NodeState StateOf(
        NodeView node, AnsibleInventory? inventory, string? head, IReadOnlyList<SandboxInstance> sandboxes)
    {
        var machine = inventory is null ? null : NameIn(inventory, node);
        return new NodeState(
            node.Facts.Name, node, node.Facts.HostIp,
            machine is null ? node.Facts.Name == head : inventory!.Heads.Contains(machine), sandboxes);
    }

    /// <summary>The inventory's name of a node: its own, or that of the machine with its address.</summary>
    private static string? NameIn(AnsibleInventory inventory, NodeView node) =>
        inventory.Machines.ContainsKey(node.Facts.Name)
            ? node.Facts.Name
            : inventory.Machines.Keys.FirstOrDefault(machine => AddressOf(inventory, machine) == node.Facts.HostIp);

    private static string AddressOf(AnsibleInventory inventory, string machine) =>
        inventory.Machines[machine].TryGetProperty("ansible_host", out var address) ? address.ToString() : machine;

    /// <summary>The node that holds the head's lease now.</summary>
    private async Task<string?> HeadAsync(CancellationToken cancellationToken) =>
        await leases.FindAsync(Lease.Head, cancellationToken) is { Left.Ticks: > 0 } lease ? HeadHolder.NodeOf(lease.Holder) : null;

    /// <summary>Null: there is none, or it cannot be read; the cluster's own nodes are told all the same.</summary>
    private async Task<AnsibleInventory?> InventoryAsync(CancellationToken cancellationToken)
    {
        try
        {
            return rollout.IsConfigured ? await rollout.InventoryAsync(cancellationToken) : null;
        }
        catch (AnsibleException exception)
        {
            Log.Unreadable(logger, exception.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5601, LogLevel.Warning, "The rollout's inventory cannot be read; its machines are not shown: {Reason}")]
        public static partial void Unreadable(ILogger logger, string reason);
    }
}
