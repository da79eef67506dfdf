using System.Collections.Immutable;

namespace Sandbox.Serving.Backends;

/// <summary>A node of the cluster.</summary>
/// <param name="Resources">How much it has, by the resource's name.</param>
public sealed record ClusterNode(string Id, bool IsAlive, ImmutableDictionary<string, double> Resources);
