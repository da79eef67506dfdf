using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Worker;

/// <summary>This node's name and address, as records tell them.</summary>
internal sealed class NodeIdentity(IOptions<WorkerOptions> options)
{
    public string Name { get; } = options.Value.NodeName;

    public string Address { get; } = FindAddress();

    /// <summary>Whether a record says that its sandbox is on this node. Where there is only one node it always is, also
    /// after the machine was renamed.</summary>
    public bool Has(SandboxInstance record) => options.Value.IsOnlyNode || record.HostName == Name;

    private static string FindAddress() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(port => port.OperationalStatus is OperationalStatus.Up && port.NetworkInterfaceType is not NetworkInterfaceType.Loopback)
            .Where(port => port.GetIPProperties().GatewayAddresses.Count > 0)
            .SelectMany(port => port.GetIPProperties().UnicastAddresses)
            .FirstOrDefault(address => address.Address.AddressFamily is AddressFamily.InterNetwork)?.Address.ToString()
        ?? IPAddress.Loopback.ToString();
}
