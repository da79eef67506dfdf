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
    /// <summary>Tells this node's networks, bridges and rules from others'. Short, because the name of an interface has at most 15
    /// characters.</summary>
    public string Key { get; } = KeyOf(worker);

    public AddressPool Pool { get; } = new(System.Net.IPNetwork.Parse(worker.NetworkPool));

    /// <summary>Where the search for a free block begins, so that nodes that share an engine seldom meet.</summary>
    public int FirstBlock => (int)(uint.Parse(Key, NumberStyles.HexNumber, CultureInfo.InvariantCulture) % (uint)Pool.Blocks);

    public string NameOf(int block) => string.Create(CultureInfo.InvariantCulture, $"{Names}{block}");

    /// <summary>What the names of the networks begin with.</summary>
    public string Names => $"sandbox-{Key}-";

    /// <summary>What the names of the bridges begin with.</summary>
    public string Bridges => FirewallChain.BridgesOf(Key);

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
    /// one address of this machine is like another. Answers to what was begun from outside pass.</summary>
    /// <param name="limited">The sandboxes that have lists of their own.</param>
    public FirewallChain Chain(IReadOnlyList<FirewallBranch> limited) => FirewallChain.OfNode("iptables", Key) with
    {
        Rules =
        [
            "-m conntrack --ctstate ESTABLISHED --ctdir REPLY -j RETURN",
            .. DestinationRules.Of(
                policy, MachineNetworks.Resolvers(), Pool.Network.ToString(), ["-m addrtype --dst-type LOCAL"], refusal: "DROP"),
        ],
        Branches = limited,
    };

    /// <summary>IPv6 has no network here at all. Null: nor has the machine.</summary>
    public FirewallChain? ChainOfIPv6 { get; } = Directory.Exists("/proc/sys/net/ipv6")
        ? FirewallChain.OfNode("ip6tables", KeyOf(worker)) with { Rules = ["-j DROP"] } : null;

    /// <summary>Where questions for names go that limited sandboxes ask.</summary>
    public FirewallChain Redirections(IReadOnlyList<string> rules) =>
        FirewallChain.OfNode("iptables", Key) with { Table = "nat", Rules = rules };

    private static string KeyOf(WorkerOptions worker) =>
        Convert.ToHexStringLower(SHA256.HashData(
            Encoding.UTF8.GetBytes($"{worker.ClusterId}\n{(worker.IsOnlyNode ? "" : worker.NodeName)}")))[..8];
}
