namespace Sandbox.Contracts.Management;

/// <summary>A job that was given up.</summary>
/// <param name="Job">Its kind; null where it cannot be read.</param>
public sealed record DeadLetterResult(long Id, string SandboxId, string? Job, int Attempts, string Reason, DateTimeOffset At);

/// <summary>A node of the cluster, or a machine of the rollout's inventory that is none yet.</summary>
/// <param name="State"><c>alive</c>, <c>suspect</c>, <c>dead</c> or <c>left</c>; <c>unknown</c> of a machine that never registered.</param>
/// <param name="SilentSeconds">Since its last heartbeat.</param>
/// <param name="Unavailable">Why it can run nothing now; null: it can.</param>
public sealed record NodeResult(
    string Name, string State, bool Draining, double SilentSeconds, string Address, string HostIp, string Version,
    IReadOnlyList<string> Deployments, IReadOnlyDictionary<string, string> Labels, int Sandboxes, NodeCapacityMessage Capacity,
    NodeCapacityMessage Free,
    string? Unavailable)
{
    /// <summary>Where it is reached: the same as <see cref="HostIp"/>, or as the inventory has it.</summary>
    public string? Ip { get; init; }

    /// <summary><c>head</c> or <c>worker</c>.</summary>
    public string? Role { get; init; }

    /// <summary><c>ONLINE</c>, <c>OFFLINE</c>, or <c>UNKNOWN</c>: it never registered with the cluster.</summary>
    public string? Status { get; init; }

    /// <summary>Ids of the sandboxes that run there, as far as the caller may know of them; at most 1,000 over all nodes.</summary>
    public IReadOnlyList<string>? Containers { get; init; }
}

/// <summary>A member that is null is not limited.</summary>
public sealed record NodeCapacityMessage(double? Cpus, long? MemoryBytes, long? DiskBytes, double? Gpus);

/// <summary>Body of every failure of a management route (RFC 9457).</summary>
/// <param name="Code">For programs; stable.</param>
/// <param name="Detail">One sentence for people.</param>
public sealed record ProblemMessage(string Type, string Title, int Status, string Code, string Detail);
