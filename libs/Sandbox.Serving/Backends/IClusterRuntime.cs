using System.Collections.Immutable;

namespace Sandbox.Serving.Backends;

/// <summary>The cluster on which engines run, as far as a <see cref="ServeBackend"/> has to find it.</summary>
public interface IClusterRuntime
{
    /// <summary>Whether this machine can start or reach one at all.</summary>
    bool IsInstalled { get; }

    /// <summary>The address of a cluster that runs on this machine; null when none is found within seconds.</summary>
    Task<string?> DetectAsync(CancellationToken cancellationToken);

    /// <summary>Starts one on this machine.</summary>
    /// <returns>Its address.</returns>
    /// <exception cref="ClusterException">It did not start.</exception>
    Task<string> StartLocalAsync(CancellationToken cancellationToken);

    /// <summary>The nodes of the cluster at an address.</summary>
    /// <exception cref="ClusterException">It does not answer.</exception>
    Task<ImmutableArray<ClusterNode>> ListNodesAsync(string address, CancellationToken cancellationToken);
}
