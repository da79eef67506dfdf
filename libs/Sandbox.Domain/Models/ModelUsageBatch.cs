namespace Sandbox.Domain.Models;

/// <summary>What a process has counted since its batch before.</summary>
/// <param name="Writer">The process; another one for each of its lives.</param>
/// <param name="Number">From 1; grows by one with each batch of the writer.</param>
/// <param name="Entries">At most one for each key and model.</param>
public sealed record ModelUsageBatch(Guid Writer, long Number, IReadOnlyList<ModelUsageEntry> Entries);
