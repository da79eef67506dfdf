using Sandbox.Contracts.Cluster;

namespace Sandbox.Node.Maintenance;

/// <summary>One run of a task, from its order to its end.</summary>
internal sealed class MaintenanceRunState(MaintenanceOrder order, string node, DateTimeOffset startedAt)
{
    private volatile MaintenanceRun _shown = new(order.Id, order.Task, node, MaintenanceRun.Running, "", startedAt, EndedAt: null);

    public MaintenanceOrder Order { get; } = order;

    /// <summary>As it stands now.</summary>
    public MaintenanceRun Shown => _shown;

    /// <summary>Completes with how it ended, and never fails.</summary>
    public Task<MaintenanceRun> Ended { get; set; } = Task.FromResult<MaintenanceRun>(null!);

    /// <summary>A run that never began.</summary>
    public static MaintenanceRun Refused(MaintenanceOrder order, string node, string reason, DateTimeOffset now) =>
        new(order.Id, order.Task, node, MaintenanceRun.Failed, reason, now, now);

    public void Tell(string progress) => _shown = _shown with { Message = progress };

    public MaintenanceRun End(string state, string message, DateTimeOffset now) =>
        _shown = _shown with { State = state, Message = message, EndedAt = now };
}
