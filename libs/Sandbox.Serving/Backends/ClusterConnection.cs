namespace Sandbox.Serving.Backends;

/// <summary>The one cluster that a <see cref="ServeBackend"/> uses. One caller at a time changes it; any may read.</summary>
internal sealed class ClusterConnection(IClusterRuntime cluster)
{
    private volatile string? _address;

    /// <summary>Null until it is found.</summary>
    public string? Address => _address;

    /// <summary>What there is to say while no model is served.</summary>
    public ServeState StateWithoutModel => _address is not null ? ServeState.NotDeployed
        : cluster.IsInstalled ? ServeState.NotInitialized
        : ServeState.RuntimeNotAvailable;

    /// <summary>The cluster that was found before, that at the address, one that runs on this machine, or else a new one on it.</summary>
    public async Task<InitializeResult> FindAsync(string? address, CancellationToken cancellationToken)
    {
        if (!cluster.IsInstalled)
        {
            return new() { Failure = new(ServingError.RuntimeNotInstalled, "The cluster's program is not installed on this machine.") };
        }

        try
        {
            var (mode, found) = _address is not null ? (InitializeMode.AlreadyInitialized, _address)
                : address is not null ? (InitializeMode.Connected, address)
                : await cluster.DetectAsync(cancellationToken) is { } running ? (InitializeMode.Auto, running)
                : (InitializeMode.Local, await cluster.StartLocalAsync(cancellationToken));
            var nodes = await cluster.ListNodesAsync(found, cancellationToken);
            _address = found;
            return new() { Mode = mode, Address = found, Nodes = nodes };
        }
        catch (ClusterException exception)
        {
            return new() { Failure = new(ServingError.RuntimeInitializationFailed, exception.Message) };
        }
    }

    /// <summary>Forgets it; it goes on.</summary>
    public void Leave() => _address = null;
}
