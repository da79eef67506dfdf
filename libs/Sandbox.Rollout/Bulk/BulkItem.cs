using System.Collections.Immutable;

namespace Sandbox.Rollout.Bulk;

/// <summary>One of several runs that are asked for together.</summary>
/// <param name="Checkpoint">Its name.</param>
public sealed record BulkItem(string Checkpoint)
{
    /// <summary>The machines, by their names in the inventory; empty for all.</summary>
    public ImmutableArray<string> Machines { get; init; } = [];

    /// <summary>As <see cref="ToString"/> writes it: <c>final-validation</c>, or <c>final-validation@node-1,node-2</c>.</summary>
    public static BulkItem Parse(string text) => text.Split('@', 2) is [var checkpoint, var machines]
        ? new BulkItem(checkpoint) { Machines = [.. machines.Split(',', StringSplitOptions.RemoveEmptyEntries)] }
        : new BulkItem(text);

    public override string ToString() => Machines.IsEmpty ? Checkpoint : $"{Checkpoint}@{string.Join(',', Machines)}";
}
