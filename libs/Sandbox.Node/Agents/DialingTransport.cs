using System.Net.Sockets;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Agents;

/// <summary>The way to an agent that already runs elsewhere and listens. It is there when its port takes a connection.</summary>
internal sealed class DialingTransport(RemoteAgent agent) : IAgentTransport
{
    private readonly Uri _address = AddressOf(agent);

    /// <summary>A host may come with <c>http://</c> before it; the agent speaks nothing else.</summary>
    public static Uri AddressOf(RemoteAgent agent) =>
        new($"{(agent.Host.Contains("://", StringComparison.Ordinal) ? "" : "http://")}{agent.Host.TrimEnd('/')}:{agent.Port}");

    // Nothing watches a remote agent: whether it is there shows with each call.
    public event Action? Lost
    {
        add { }
        remove { }
    }

    public bool IsConnected => true;

    public Task Connected => Task.CompletedTask;

    public int Losses => 0;

    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bounded.CancelAfter(agent.Timeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_address.Host, _address.Port, bounded.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw new NoAgentException($"no agent answers on {_address.Host}:{_address.Port}", exception);
        }
    }

    public void Dispose()
    {
    }
}
