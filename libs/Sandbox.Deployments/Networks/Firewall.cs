using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Networks;

/// <summary>Chains of iptables on this machine. Each change is one transaction of <c>iptables-restore</c>, so that no packet ever meets
/// half of the rules, and touches our own chain and the jump to it only.</summary>
internal sealed class Firewall(IHostTools tools, TimeProvider time)
{
    /// <summary>True when something was missing or other than it should be, and was put in place.</summary>
    /// <exception cref="ToolException">iptables is missing, may not be used by this process, or fails.</exception>
    public Task<bool> EnsureAsync(FirewallChain chain, CancellationToken cancellationToken) =>
        ApplyAsync(chain.Program, chain.TextToPutInPlace, cancellationToken);

    /// <inheritdoc cref="EnsureAsync"/>
    public Task<bool> RemoveAsync(FirewallChain chain, CancellationToken cancellationToken) =>
        ApplyAsync(chain.Program, chain.TextToRemove, cancellationToken);

    private async Task<bool> ApplyAsync(string program, Func<string, string?> textFor, CancellationToken cancellationToken)
    {
        var saved = await tools.AskAsync(time, $"{program}-save", ["-t", "mangle"], cancellationToken);
        if (textFor(saved.Printed) is not { } text)
        {
            return false;
        }

        // Others change the tables as well, the engine first of all: their lock is waited for.
        await tools.TellAsync(time, $"{program}-restore", ["--noflush", "--wait", "3"], text, cancellationToken);
        return true;
    }
}
