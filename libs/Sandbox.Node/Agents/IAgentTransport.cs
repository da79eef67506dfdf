namespace Sandbox.Node.Agents;

/// <summary>Makes the connections to one agent. Both kinds end up as streams that speak HTTP/1.1 with the agent as
/// the server.</summary>
internal interface IAgentTransport : IDisposable
{
    /// <summary>Whether the agent is there now, as far as is known.</summary>
    bool IsConnected { get; }

    /// <summary>Completed while the agent is connected; after a loss a new task stands here.</summary>
    Task Connected { get; }

    /// <summary>How often the agent was lost: what is remembered about a connected agent is void when this has grown.</summary>
    int Losses { get; }

    /// <summary>Raised, outside of any lock, when every connection is gone and none came in time. Not proof of death: the
    /// deployment is to be asked.</summary>
    event Action? Lost;

    /// <summary>A connection for one request after another. Throws an <see cref="IOException"/> at once when the agent is
    /// gone, so that a request that is retried silently does not wait for ever.</summary>
    ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken);
}
