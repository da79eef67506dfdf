using Sandbox.Client.Ports;
using Sandbox.Contracts.Ids;

namespace Sandbox.Client;

// TCP ports inside a sandbox.
public sealed partial class SandboxClient
{
    /// <summary>Opens a connection to a port inside; that nothing listens there is told by its first read.</summary>
    public async Task<PortConnection> ConnectPortAsync(SandboxId id, int port, CancellationToken cancellationToken) =>
        new(await _server.OpenWebSocketAsync(
            $"apis/envs/sandbox/v1/sandboxes/{id}/portforward?port={port}&half_close=true", cancellationToken));
}
