namespace Sandbox.Contracts.Management;

/// <summary>Body of <c>POST /api/v1/maintenance</c>.</summary>
/// <param name="Task">One of <see cref="Cluster.MaintenanceTasks"/>.</param>
/// <param name="Nodes">By name or address; null or empty: all.</param>
/// <param name="Images">For <c>image_pull</c>: what to pull; null: what each node's settings name.</param>
/// <param name="Wait">The answer comes when it has ended everywhere, and not when it has begun.</param>
public sealed record MaintenanceRequest(
    string? Task, IReadOnlyList<string>? Nodes = null, IReadOnlyList<string>? Images = null, bool Wait = true);
