using System.Collections.Immutable;
using Sandbox.Serving.Configuration;

namespace Sandbox.Serving.Routing;

/// <summary>A model that clients may ask for, and the engines that serve it now.</summary>
/// <param name="Tenant">Whose it is: other tenants do not see it. Null is everybody's.</param>
/// <param name="Aliases">Other names for it, each with the model's part of the requests for that name.</param>
/// <param name="Replicas">Those that may get requests; one that is left out gets no new ones and finishes what it has.</param>
/// <param name="CanWake">Without replicas it is started by its first request.</param>
public sealed record OfferedModel(
    string Name, string? Tenant, ImmutableDictionary<string, double> Aliases, ImmutableArray<Replica> Replicas, bool CanWake)
{
    /// <summary>What its engines ask for as a bearer token; null for nothing.</summary>
    public Secret? ApiKey { get; init; }
}
