using System.Globalization;
using Sandbox.Api.Ports;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Sandbox.Serving.Routing;

namespace Sandbox.Api.Serving;

/// <summary>Connections to engines through the agents of their sandboxes, on whichever node they are. The host of a replica's address is
/// the id of its sandbox, the port one of that sandbox's loopback.</summary>
internal sealed class ReplicaConnector(IAgentGateway agents) : IReplicaConnector
{
    public static Uri AddressOf(SandboxId sandbox, int port) =>
        new($"http://{sandbox}:{port.ToString(CultureInfo.InvariantCulture)}");

    public ValueTask<Stream> ConnectAsync(Replica replica, CancellationToken cancellationToken) =>
        ConnectAsync(replica.Address.Host, replica.Address.Port, cancellationToken);

    /// <summary>For the connect callback of a handler.</summary>
    /// <exception cref="IOException">Nobody listens there, or its sandbox is not reached.</exception>
    public async ValueTask<Stream> ConnectAsync(string host, int port, CancellationToken cancellationToken)
    {
        if (!SandboxId.TryParse(host, null, out var sandbox))
        {
            throw new IOException($"{host} is not the id of a sandbox.");
        }

        if (!(await agents.OpenAsync(sandbox, cancellationToken)).TryGet(out var call, out var error))
        {
            throw new IOException(error.Text);
        }

        using (call)
        {
            try
            {
                return await PortConnections.OpenAsync(call, port, cancellationToken);
            }
            catch (Exception exception) when (exception is HttpRequestException or AgentCallException)
            {
                throw new IOException(exception.Message, exception);
            }
        }
    }
}
