using System.Collections.Immutable;

namespace Sandbox.Serving.Backends;

/// <summary>How an application's engines are.</summary>
/// <param name="Address">Where one of them can be asked; null while none can.</param>
public sealed record EngineStatus(ServeState State, Uri? Address, ImmutableArray<EngineReplica> Replicas);
