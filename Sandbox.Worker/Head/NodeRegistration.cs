using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Node;
using Sandbox.Node.Membership;

namespace Sandbox.Worker.Head;

/// <summary>What this node tells the health service of itself; known once it listens.</summary>
internal sealed class NodeRegistration(NodeIdentity node, NodeAddress address, HeadSettings settings, IServer server)
{
    /// <summary>Of this life of the process.</summary>
    public string Instance { get; } = $"{Guid.NewGuid():N}";

    public string Node => node.Name;

    /// <summary>As the holder of the head's lease.</summary>
    public string Holder => HeadHolder.Of(Node, Instance);

    /// <summary>Where others reach it; its place in the whitelist goes by it.</summary>
    public int HeadPort => settings.PublishedHeadPort > 0 ? settings.PublishedHeadPort : ListenPort;

    /// <summary>The one that was asked for, or that the system gave. It is the last that the server listens on.</summary>
    public int ListenPort => settings.HeadPort > 0 ? settings.HeadPort
        : server.Features.Get<IServerAddressesFeature>()?.Addresses.LastOrDefault() is { } last ? new Uri(last).Port
        : HeadAddress.DefaultPort;

    public RegisterRequest Registration => new(
        Node, Instance, settings.NodeIpAddress.Length > 0 ? settings.NodeIpAddress : address.Find().Host, HeadPort, settings.ClientPort,
        settings.DashboardPort, typeof(NodeRegistration).Assembly.GetName().Version?.ToString(3) ?? "");
}
