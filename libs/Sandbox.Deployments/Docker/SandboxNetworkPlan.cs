using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Docker.DotNet.Models;
using Sandbox.Deployments.Networks;
using Sandbox.Domain.Policies;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>What the networks of a node's sandboxes are and which rules stand around them: a pure function of the node's name and of its
/// policy. The bridges of a node have names with one beginning, so that one set of rules covers all of them.</summary>
internal sealed class SandboxNetworkPlan(WorkerOptions worker, SecurityPolicy policy)
{
    /// <summary>Short, because the name of an interface has at most 15 characters.</summary>
    private readonly string _key =
        Convert.ToHexStringLower(SHA256.HashData(
            Encoding.UTF8.GetBytes($"{worker.ClusterId}\n{(worker.IsOnlyNode ? "" : worker.NodeName)}")))[..8];

    public AddressPool Pool { get; } = new(System.Net.IPNetwork.Parse(worker.NetworkPool));

    /// <summary>Where the search for a free block begins, so that nodes that share an engine seldom meet.</summary>
    public int FirstBlock => (int)(uint.Parse(_key, NumberStyles.HexNumber, CultureInfo.InvariantCulture) % (uint)Pool.Blocks);

    public string NameOf(int block) => string.Create(CultureInfo.InvariantCulture, $"{Names}{block}");

    /// <summary>What the names of the networks begin with.</summary>
    public string Names => $"sandbox-{_key}-";

    /// <summary>What the names of the bridges begin with.</summary>
    public string Bridges => $"sb{_key}-";

    public NetworksCreateParameters ToParameters(int block) => new()
    {
        Name = NameOf(block),
        Driver = "bridge",
        EnableIPv6 = false,
        IPAM = new IPAM { Driver = "default", Config = [new IPAMConfig { Subnet = Pool.Block(block).ToString() }] },
        Labels = new Dictionary<string, string>
        {
            [ContainerLabels.Cluster] = worker.ClusterId,
            [ContainerLabels.Node] = worker.NodeName,
        },
        Options = new Dictionary<string, string>
        {
            ["com.docker.network.bridge.name"] = string.Create(CultureInfo.InvariantCulture, $"{Bridges}{block}"),
            ["com.docker.network.bridge.enable_icc"] = "false",
        },
    };

    /// <summary>What comes from a sandbox is looked at before it is routed and before the engine sends it on to a published port: there
    /// one address of this machine is like another. Answers to what was begun from outside pass. IPv6 has no network here at all.</summary>
    public IReadOnlyList<FirewallChain> Chains() =>
    [
        new FirewallChain(
            "iptables", $"SANDBOX-{_key}", Bridges,
            ["-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN",
             .. DestinationRules.Of(
                 policy, MachineNetworks.Resolvers(), Pool.Network.ToString(), ["-m addrtype --dst-type LOCAL"], refusal: "DROP")]),
        .. Directory.Exists("/proc/sys/net/ipv6")
            ? (FirewallChain[])[new FirewallChain("ip6tables", $"SANDBOX-{_key}", Bridges, ["-j DROP"])] : [],
    ];
}
