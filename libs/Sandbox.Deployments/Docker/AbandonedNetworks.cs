using System.Text.RegularExpressions;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// Removes what nodes left on this machine that were killed and never came back: networks in which nothing runs, and the rules around
/// them. A node that lives says so (<see cref="FirewallOwner"/>); one that comes back all the same makes both anew.
/// </summary>
internal sealed partial class AbandonedNetworks(EngineNetworks engine, Firewall firewall, string ownKey, TimeProvider time, ILogger logger)
{
    /// <summary>A network that is younger may be of a node whose word cannot be heard here: its process is in a container.</summary>
    private static readonly TimeSpan LeastAge = SandboxNetworks.KeptEmptyFor;

    /// <summary>A seam for tests, which share the machine with others.</summary>
    internal Func<string, bool> IsLookedAt { get; init; } = _ => true;

    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        foreach (var networks in (await engine.ListAsync(ContainerLabels.Cluster, cancellationToken))
            .Where(network => time.GetUtcNow() - new DateTimeOffset(network.Created.ToUniversalTime()) >= LeastAge)
            .GroupBy(network => NetworkName().Match(network.Name).Groups[1].Value)
            .Where(ofOne => IsOther(ofOne.Key)))
        {
            using var owner = new FirewallOwner(networks.Key);
            foreach (var network in owner.TryHold() ? networks.ToList() : [])
            {
                // The engine removes none in which something runs.
                if (await engine.TryRemoveAsync(network.Name, cancellationToken))
                {
                    Log.Removed(logger, network.Name);
                }
            }
        }

        try
        {
            await RemoveRulesAsync(cancellationToken);
        }
        catch (ToolException)
        {
            // Without rights here there are no rules of ours either.
        }
    }

    private async Task RemoveRulesAsync(CancellationToken cancellationToken)
    {
        foreach (var key in (await firewall.KeysAsync(cancellationToken)).Where(IsOther))
        {
            using var owner = new FirewallOwner(key);
            if (owner.TryHold() && !HasBridge(key) && await firewall.RemoveAllAsync(key, cancellationToken))
            {
                Log.RulesRemoved(logger, key);
            }
        }
    }

    private bool IsOther(string key) => key.Length > 0 && key != ownKey && IsLookedAt(key);

    /// <summary>Sandboxes may be in it, and the rules bind them.</summary>
    private static bool HasBridge(string key) =>
        Directory.EnumerateDirectories("/sys/class/net", FirewallChain.BridgesOf(key) + "*").Any();

    [GeneratedRegex("^sandbox-([0-9a-f]{8})-[0-9]+$")]
    private static partial Regex NetworkName();

    private static partial class Log
    {
        [LoggerMessage(3030, LogLevel.Information, "Network {Name} was left behind by a node that is gone, it was removed")]
        public static partial void Removed(ILogger logger, string name);

        [LoggerMessage(3031, LogLevel.Information, "Rules were left behind by the node with the key {Key}, they were removed")]
        public static partial void RulesRemoved(ILogger logger, string key);
    }
}
