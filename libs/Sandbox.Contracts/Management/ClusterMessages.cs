namespace Sandbox.Contracts.Management;

/// <summary>A job that was given up.</summary>
/// <param name="Job">Its kind; null where it cannot be read.</param>
public sealed record DeadLetterResult(long Id, string SandboxId, string? Job, int Attempts, string Reason, DateTimeOffset At);

/// <param name="State"><c>alive</c>, <c>suspect</c>, <c>dead</c> or <c>left</c>.</param>
/// <param name="SilentSeconds">Since its last heartbeat.</param>
/// <param name="Unavailable">Why it can run nothing now; null: it can.</param>
public sealed record NodeResult(
    string Name, string State, bool Draining, double SilentSeconds, string Address, string HostIp, string Version,
    IReadOnlyList<string> Deployments, IReadOnlyDictionary<string, string> Labels, int Sandboxes, NodeCapacityMessage Capacity,
    NodeCapacityMessage Free,
    string? Unavailable);

/// <summary>A member that is null is not limited.</summary>
public sealed record NodeCapacityMessage(double? Cpus, long? MemoryBytes, long? DiskBytes, double? Gpus);

/// <summary>Body of every failure of a management route (RFC 9457).</summary>
/// <param name="Code">For programs; stable.</param>
/// <param name="Detail">One sentence for people.</param>
public sealed record ProblemMessage(string Type, string Title, int Status, string Code, string Detail);
