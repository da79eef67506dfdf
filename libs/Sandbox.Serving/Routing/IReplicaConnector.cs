namespace Sandbox.Serving.Routing;

/// <summary>Opens connections to replicas, wherever they are: over the network, or through the agent of their sandbox.</summary>
public interface IReplicaConnector
{
    /// <exception cref="IOException">Nobody listens there.</exception>
    ValueTask<Stream> ConnectAsync(Replica replica, CancellationToken cancellationToken);
}
