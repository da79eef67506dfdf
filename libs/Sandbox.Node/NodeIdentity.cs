using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Wire;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Node;

/// <summary>This node's name and address, as records tell them.</summary>
internal sealed class NodeIdentity(IOptions<WorkerOptions> options)
{
    public string Name { get; } = options.Value.NodeName;

    /// <summary>Loopback on a machine without a route to other networks.</summary>
    public string Address { get; } = (MachineAddress.Outward() ?? IPAddress.Loopback).ToString();

    /// <summary>Whether a record says that its sandbox is on this node. Where there is only one node it always is, also
    /// after the machine was renamed.</summary>
    public bool Has(SandboxInstance record) => options.Value.IsOnlyNode || record.HostName == Name;
}
