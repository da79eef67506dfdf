using System.Net.Sockets;

namespace Sandbox.Worker.Agents;

/// <summary>Where the connections of one agent arrive.</summary>
internal interface IArrivals : IDisposable
{
    ValueTask<Socket> NextAsync(CancellationToken cancellationToken);
}
