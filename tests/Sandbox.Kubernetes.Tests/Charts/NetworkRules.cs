using System.Net;
using k8s.Models;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>A pod, as far as network policies look at it.</summary>
/// <param name="Ports">By their names.</param>
internal sealed record NetworkPod(
    string Namespace, IDictionary<string, string> Labels, IPAddress Address, IReadOnlyDictionary<string, int> Ports)
{
    /// <summary>One that nothing is known of but where it is.</summary>
    public static NetworkPod Without(string space, IPAddress address) =>
        new(space, new Dictionary<string, string>(), address, new Dictionary<string, int>());
}

/// <summary>What the rendered network policies let through, by the rules of the Kubernetes API: a pod that no policy selects for a
/// direction is open in it; else some rule of some policy has to match.</summary>
internal sealed class NetworkRules(IEnumerable<V1NetworkPolicy> policies)
{
    private readonly List<V1NetworkPolicy> _policies = [.. policies];

    public bool Admits(NetworkPod from, NetworkPod to, int port, string protocol = "TCP")
    {
        var rules = Selecting(to, "Ingress").Select(policy => (policy, Rules: policy.Spec.Ingress ?? [])).ToList();
        return rules.Count == 0 || rules.Any(one => one.Rules.Any(rule =>
            MatchesPort(rule.Ports, to.Ports, port, protocol) && MatchesPeer(rule.FromProperty, one.policy, from)));
    }

    public bool LetsOut(NetworkPod from, NetworkPod to, int port, string protocol = "TCP")
    {
        var rules = Selecting(from, "Egress").Select(policy => (policy, Rules: policy.Spec.Egress ?? [])).ToList();
        return rules.Count == 0 || rules.Any(one => one.Rules.Any(rule =>
            MatchesPort(rule.Ports, to.Ports, port, protocol) && MatchesPeer(rule.To, one.policy, to)));
    }

    private IEnumerable<V1NetworkPolicy> Selecting(NetworkPod pod, string direction) => _policies.Where(policy =>
        policy.Metadata.NamespaceProperty == pod.Namespace && policy.Spec.PolicyTypes.Contains(direction)
        && Matches(policy.Spec.PodSelector, pod.Labels));

    private static bool MatchesPort(IList<V1NetworkPolicyPort>? rules, IReadOnlyDictionary<string, int> named, int port, string protocol) =>
        rules is null or { Count: 0 } || rules.Any(rule => (rule.Protocol ?? "TCP") == protocol
            && (rule.Port is null
                || ((int.TryParse(rule.Port.Value, out var number) || named.TryGetValue(rule.Port.Value, out number)) && number == port)));

    private static bool MatchesPeer(IList<V1NetworkPolicyPeer>? peers, V1NetworkPolicy policy, NetworkPod pod) =>
        peers is null or { Count: 0 } || peers.Any(peer => peer.IpBlock is { } block
            ? Contains(block.Cidr, pod.Address) && !(block.Except ?? []).Any(except => Contains(except, pod.Address))
            : (peer.NamespaceSelector is { } space
                ? Matches(space, new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = pod.Namespace })
                : pod.Namespace == policy.Metadata.NamespaceProperty)
            && (peer.PodSelector is null || Matches(peer.PodSelector, pod.Labels)));

    private static bool Matches(V1LabelSelector selector, IDictionary<string, string> labels)
    {
        Assert.True(selector.MatchExpressions is null or { Count: 0 }, "these tests know labels only");
        return (selector.MatchLabels ?? new Dictionary<string, string>())
            .All(label => labels.TryGetValue(label.Key, out var value) && value == label.Value);
    }

    private static bool Contains(string cidr, IPAddress address)
    {
        var network = IPNetwork.Parse(cidr);
        return network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);
    }
}
