using System.Net.Sockets;

namespace Sandbox.Node.Agents;

/// <summary>Where the connections of one agent arrive.</summary>
internal interface IConnectionAcceptor : IDisposable
{
    ValueTask<Socket> NextAsync(CancellationToken cancellationToken);
}
