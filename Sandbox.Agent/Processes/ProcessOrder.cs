using Sandbox.Agent.Native;
using Sandbox.Contracts.Envd;

namespace Sandbox.Agent.Processes;

/// <summary>A process to start and to keep in the table.</summary>
/// <param name="Config">As it was asked for, for the list.</param>
/// <param name="KillWhenAbandoned">Kill it some time after its last reader left.</param>
/// <param name="Timeout">After this time it is killed; null: never.</param>
internal sealed record ProcessOrder(SpawnRequest Spawn, ProcessConfig Config, string? Tag, bool KillWhenAbandoned, TimeSpan? Timeout);
