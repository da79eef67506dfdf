using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Docker;

/// <summary>The rules of this machine around the bridges of sandboxes, and whether they are in effect.</summary>
internal sealed partial class SandboxFirewall(Firewall firewall, SandboxNetworkPlan plan, ILogger logger)
{
    private const string BridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables";

    private const string HostIsOpen =
        "partial: other sandboxes are out of reach, this machine, link-local and private addresses are not, because ";

    /// <summary>They were put in place and not removed since.</summary>
    public bool IsInPlace { get; private set; }

    /// <summary>Puts the rules in place where they are not; what is not in effect afterwards, in words, or null.</summary>
    public async Task<string?> EnsureAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var chain in plan.Chains())
            {
                if (await firewall.EnsureAsync(chain, cancellationToken))
                {
                    Log.Put(logger, IsInPlace ? LogLevel.Warning : LogLevel.Information, chain.Program, chain.Name);
                }
            }
        }
        catch (ToolException exception)
        {
            return HostIsOpen + exception.Message;
        }

        IsInPlace = true;
        return File.Exists(BridgeFilter) && (await File.ReadAllTextAsync(BridgeFilter, cancellationToken)).Trim() == "1"
            ? null
            : "partial: this machine, link-local and private addresses are out of reach, other sandboxes are not, because "
                + "net.bridge.bridge-nf-call-iptables is not 1";
    }

    /// <summary>Rules bind only where the bridges are: null, or in words that the engine has them elsewhere.</summary>
    public string? FindBridgeGap() =>
        Directory.EnumerateDirectories("/sys/class/net", plan.Bridges + "*").Any()
            ? null : HostIsOpen + "the engine's bridges are not in the network that this process sees";

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        try
        {
            foreach (var chain in plan.Chains())
            {
                await firewall.RemoveAsync(chain, cancellationToken);
            }

            IsInPlace = false;
        }
        catch (ToolException exception)
        {
            Log.NotRemoved(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 3022,
            Message = "Rules of {Program} around sandboxes were missing, they are in place now: chain {Chain} of table mangle")]
        public static partial void Put(ILogger logger, LogLevel level, string program, string chain);

        [LoggerMessage(3025, LogLevel.Warning, "Rules around sandboxes could not be removed: {Reason}")]
        public static partial void NotRemoved(ILogger logger, string reason);
    }
}
