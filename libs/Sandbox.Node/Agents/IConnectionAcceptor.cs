using System.Net.Sockets;

namespace Sandbox.Node.Agents;

/// <summary>Accepts the connections of one agent.</summary>
internal interface IConnectionAcceptor : IDisposable
{
    ValueTask<Socket> NextAsync(CancellationToken cancellationToken);
}
