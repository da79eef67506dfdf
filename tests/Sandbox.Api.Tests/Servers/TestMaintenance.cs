using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tests.Servers;

/// <summary>Two nodes that remember what they were asked to do; how it ends there the test says.</summary>
internal sealed class TestMaintenance : INodeMaintenance
{
    public static readonly DateTimeOffset At = new(2026, 5, 1, 3, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<(MaintenanceOrder Order, string Node)> _asked = [];

    public IReadOnlyList<string> Nodes { get; set; } = ["n1", "n2"];

    /// <summary>The state of every run on a node, and what it says.</summary>
    public Dictionary<string, (string State, string Message)> Outcomes { get; } = new()
    {
        ["n1"] = (MaintenanceRun.Succeeded, "done"),
        ["n2"] = (MaintenanceRun.Succeeded, "done"),
    };

    /// <summary>Nodes that do not answer, with why.</summary>
    public Dictionary<string, string> Silent { get; } = [];

    public IReadOnlyList<(MaintenanceOrder Order, string Node)> Asked
    {
        get
        {
            lock (_lock)
            {
                return [.. _asked];
            }
        }
    }

    public Task<IReadOnlyList<MaintenanceRun>> RunAsync(
        MaintenanceOrder order, IReadOnlyCollection<string> nodes, CancellationToken cancellationToken)
    {
        var asked = Nodes.Where(node => nodes.Count == 0 || nodes.Contains(node)).ToList();
        lock (_lock)
        {
            _asked.AddRange(asked.Select(node => (order, node)));
        }

        return Task.FromResult<IReadOnlyList<MaintenanceRun>>([.. asked.Select(node => RunOf(order, node))]);
    }

    public Task<IReadOnlyList<NodeMaintenanceReport>> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeMaintenanceReport>>(
            [.. Nodes.Select(node => Silent.TryGetValue(node, out var problem)
                ? new NodeMaintenanceReport(node, [], [], problem)
                : new NodeMaintenanceReport(
                    node, [new ScheduledMaintenance(MaintenanceTasks.ImageCleanup, "0 3 * * *", At)],
                    [.. Asked.Where(one => one.Node == node).Select(one => RunOf(one.Order, node))]))]);

    private MaintenanceRun RunOf(MaintenanceOrder order, string node)
    {
        var (state, message) = Outcomes[node];
        return new MaintenanceRun(
            order.Id, order.Task, node, state, message, At, state is MaintenanceRun.Running ? null : At.AddSeconds(5));
    }
}
