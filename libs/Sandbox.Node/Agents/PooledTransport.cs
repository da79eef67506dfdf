using Sandbox.Contracts.Ids;

namespace Sandbox.Node.Agents;

/// <summary>The way to the agent of a pod from a pool: as to one that runs elsewhere, as soon as its address is known.</summary>
internal sealed class PooledTransport(PooledAgents agents, IncarnationId incarnation) : IAgentTransport
{
    // Nothing watches it: whether it is there shows with each call, and its pod is watched by the deployment.
    public event Action? Lost
    {
        add { }
        remove { }
    }

    public bool IsConnected => agents.Find(incarnation) is not null;

    public Task Connected => agents.WhenToldAsync(incarnation);

    public int Losses => 0;

    public ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken) =>
        agents.Find(incarnation) is { } agent
            ? new DialingTransport(agent.Address).ConnectAsync(cancellationToken)
            : throw new IOException("its pod is not chosen yet");

    public void Dispose()
    {
    }
}
