using System.Text.RegularExpressions;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Networks;

/// <summary>Chains of iptables on this machine. Each change is one transaction of <c>iptables-restore</c>, so that no packet ever meets
/// half of the rules, and touches our own chain and the jump to it only.</summary>
internal sealed partial class Firewall(IHostTools tools, TimeProvider time)
{
    /// <summary>True when something was missing or other than it should be, and was put in place.</summary>
    /// <exception cref="ToolException">iptables is missing, may not be used by this process, or fails.</exception>
    public Task<bool> EnsureAsync(FirewallChain chain, CancellationToken cancellationToken) =>
        ApplyAsync(chain, chain.TextToPutInPlace, cancellationToken);

    /// <inheritdoc cref="EnsureAsync"/>
    public Task<bool> RemoveAsync(FirewallChain chain, CancellationToken cancellationToken) =>
        ApplyAsync(chain, chain.TextToRemove, cancellationToken);

    /// <summary>The keys of the nodes that have rules on this machine, or had them.</summary>
    /// <exception cref="ToolException">As above.</exception>
    public async Task<IReadOnlyList<string>> KeysAsync(CancellationToken cancellationToken)
    {
        var saved = await tools.AskAsync(time, "iptables-save", ["-t", "mangle"], cancellationToken);
        return [.. NodeChain().Matches(saved.Printed).Select(match => match.Groups[1].Value)];
    }

    /// <summary>Removes all rules of a node, of every table and family.</summary>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="ToolException">As above.</exception>
    public async Task<bool> RemoveAllAsync(string key, CancellationToken cancellationToken)
    {
        var isChanged = false;
        foreach (var chain in AllOf(key))
        {
            isChanged |= await RemoveAsync(chain, cancellationToken);
        }

        return isChanged;
    }

    private static IEnumerable<FirewallChain> AllOf(string key)
    {
        var chain = FirewallChain.OfNode("iptables", key);
        return Directory.Exists("/proc/sys/net/ipv6")
            ? [chain, chain with { Table = "nat" }, FirewallChain.OfNode("ip6tables", key)] : [chain, chain with { Table = "nat" }];
    }

    [GeneratedRegex("^:SANDBOX-([0-9a-f]{8}) ", RegexOptions.Multiline)]
    private static partial Regex NodeChain();

    private async Task<bool> ApplyAsync(FirewallChain chain, Func<string, string?> textFor, CancellationToken cancellationToken)
    {
        var saved = await tools.AskAsync(time, $"{chain.Program}-save", ["-t", chain.Table], cancellationToken);
        if (textFor(saved.Printed) is not { } text)
        {
            return false;
        }

        // Others change the tables as well, the engine first of all: their lock is waited for.
        await tools.TellAsync(time, $"{chain.Program}-restore", ["--noflush", "--wait", "3"], text, cancellationToken);
        return true;
    }
}
