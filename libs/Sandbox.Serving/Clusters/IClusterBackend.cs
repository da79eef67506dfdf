using Sandbox.Serving.Backends;

namespace Sandbox.Serving.Clusters;

/// <summary>A cluster of nodes on which engines run, wherever these are. Its state is kept, so that another process can ask for it,
/// change it and stop it.</summary>
public interface IClusterBackend
{
    /// <summary>Starts it. What fails, or is cancelled, leaves nothing behind.</summary>
    /// <exception cref="ClusterException">It runs already, or did not start.</exception>
    Task<ClusterReport> StartAsync(CancellationToken cancellationToken);

    /// <summary>Adds or removes workers until there are so many.</summary>
    /// <exception cref="ClusterException">It was not started, or a worker could not be added or removed; what was done stays.</exception>
    Task<ClusterReport> ScaleAsync(int workers, CancellationToken cancellationToken);

    /// <summary>How it is now. What cannot be asked is told as the state of what was asked for.</summary>
    Task<ClusterReport> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>Where its head is, as host and port; null: it was not started.</summary>
    Task<string?> FindAddressAsync(CancellationToken cancellationToken);

    /// <summary>Removes all of it; false: there was nothing.</summary>
    /// <exception cref="ClusterException">Something is left, which the next call removes.</exception>
    Task<bool> StopAsync(CancellationToken cancellationToken);
}
