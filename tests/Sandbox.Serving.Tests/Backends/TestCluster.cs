using System.Collections.Immutable;
using Sandbox.Serving.Backends;

namespace Sandbox.Serving.Tests.Backends;

/// <summary>A cluster of this process alone, or none.</summary>
internal sealed class TestCluster : IClusterRuntime
{
    public const string Local = "local:1";

    public bool IsInstalled { get; set; } = true;

    /// <summary>The address of one that runs.</summary>
    public string? Running { get; set; }

    /// <summary>Addresses at which none answers.</summary>
    public List<string> Silent { get; } = [];

    public int Starts { get; private set; }

    public Task<string?> DetectAsync(CancellationToken cancellationToken) => Task.FromResult(Running);

    public Task<string> StartLocalAsync(CancellationToken cancellationToken)
    {
        Starts++;
        return Task.FromResult(Local);
    }

    public Task<ImmutableArray<ClusterNode>> ListNodesAsync(string address, CancellationToken cancellationToken) => Silent.Contains(address)
        ? throw new ClusterException($"{address} does not answer.")
        : Task.FromResult<ImmutableArray<ClusterNode>>([new($"node of {address}", true, ImmutableDictionary<string, double>.Empty)]);
}
