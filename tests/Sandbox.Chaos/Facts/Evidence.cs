using Sandbox.Chaos.Histories;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Facts;

/// <summary>Everything that a verdict is made of: what clients were told, and what the stores and the engine have in the end.</summary>
/// <param name="At">When the rest was read, by the recorder's clock.</param>
public sealed record Evidence(
    DateTimeOffset At, IReadOnlyList<Operation> Operations, IReadOnlyList<RecordFact> Records, IReadOnlyList<JobFact> Jobs,
    IReadOnlyList<ContainerFact> Containers)
{
    public IReadOnlyList<DeadLetterFact> DeadLetters { get; init; } = [];

    /// <summary>Kept counts by tenant and state.</summary>
    public IReadOnlyDictionary<(string Tenant, string State), long> Counts { get; init; } = new Dictionary<(string, string), long>();

    /// <summary>What Redis has under <c>alive:{id}</c>; null: there is no Redis.</summary>
    public IReadOnlyList<LiveFact>? Live { get; init; }

    /// <summary>Marks in the file of each sandbox that still has a container, read past the code under test.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Marks { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>What the archive store has, by the incarnation that was put away; null: there is no store.</summary>
    public IReadOnlyList<ArchiveFact>? Archives { get; init; }

    public IEnumerable<Operation> Of(string sandbox) => Operations.Where(operation => operation.SandboxId == sandbox);
}

public sealed record RecordFact(string Id, long Version, SandboxState State, string Incarnation, string Tenant = "default")
{
    public string? HostName { get; init; }

    public string? Reason { get; init; }

    public DateTimeOffset? TransientDeadline { get; init; }

    /// <summary>The incarnation whose archive it has; null: it has none.</summary>
    public string? Archived { get; init; }

    public IReadOnlyList<StateChange> History { get; init; } = [];
}

/// <param name="Waiting">Since when it is in the queue.</param>
public sealed record JobFact(long Id, string SandboxId, long Version, int Attempt, string? Node, TimeSpan Waiting);

public sealed record DeadLetterFact(string SandboxId, long Version, string Reason);

public sealed record ContainerFact(string Id, string SandboxId, string Incarnation, string Node, bool Running);

/// <param name="State">As the entry's fields tell it; null: they do not.</param>
public sealed record LiveFact(string SandboxId, long Version, string? State);

/// <param name="HasImage">The whole of it, and not only a log or what a broken attempt left.</param>
public sealed record ArchiveFact(string SandboxId, string Incarnation, bool HasImage);
