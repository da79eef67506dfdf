using System.Net.Sockets;
using Sandbox.Deployments.Networks;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Docker;

/// <summary>The rules of this machine around the bridges of sandboxes, those of limited sandboxes among them, and whether they are in
/// effect.</summary>
internal sealed partial class SandboxFirewall : IDisposable
{
    private const string BridgeFilter = "/proc/sys/net/bridge/bridge-nf-call-iptables";

    private const string HostIsOpen =
        "partial: other sandboxes are out of reach, this machine, link-local and private addresses are not, because ";

    /// <summary>The rules of IPv6 are looked at less often: they are for a privileged sandbox that gives itself an address.</summary>
    private static readonly TimeSpan LookAtIPv6Every = TimeSpan.FromMinutes(1);

    private readonly Firewall _firewall;
    private readonly SandboxNetworkPlan _plan;
    private readonly EgressTable _egress;
    private readonly SandboxResolver _resolver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _changing = new(1);

    /// <summary>The marks of what was put in place last.</summary>
    private readonly Dictionary<(string Program, string Table), string> _marks = [];

    private long? _lookedAtIPv6;
    private bool _hasRedirections = true;

    public SandboxFirewall(
        Firewall firewall, SandboxNetworkPlan plan, EgressTable egress, INameLookup lookup, TimeProvider time, ILogger logger)
    {
        (_firewall, _plan, _egress, _time, _logger) = (firewall, plan, egress, time, logger);
        _resolver = new SandboxResolver(egress, lookup, async token => await EnsureAsync(token) is null, logger);
    }

    /// <summary>They were put in place and not removed since.</summary>
    public bool IsInPlace { get; private set; }

    /// <summary>Every sandbox that has lists is in the table. Until then what an earlier life of this process made of such lists stays as
    /// it is.</summary>
    public bool KnowsLimits { get; set; }

    /// <summary>Puts the rules in place where they are not; what is not in effect afterwards, in words, or null.</summary>
    public async Task<string?> EnsureAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            // Where questions go comes first: a limited sandbox that asks another server would learn of names that are then closed.
            await EnsureRedirectionsAsync(cancellationToken);
            await EnsureAsync(
                _plan.Chain(_egress.Branches(MachineNetworks.Resolvers())) with { KeepsOtherBranches = !KnowsLimits }, cancellationToken);
            if (_plan.ChainOfIPv6 is { } chain && (_lookedAtIPv6 is not { } at || _time.GetElapsedTime(at) >= LookAtIPv6Every))
            {
                await EnsureAsync(chain, cancellationToken);
                _lookedAtIPv6 = _time.GetTimestamp();
            }
        }
        catch (Exception exception) when (exception is ToolException or SocketException)
        {
            return HostIsOpen + exception.Message;
        }
        finally
        {
            _changing.Release();
        }

        IsInPlace = true;
        return File.Exists(BridgeFilter) && (await File.ReadAllTextAsync(BridgeFilter, cancellationToken)).Trim() == "1"
            ? null
            : "partial: this machine, link-local and private addresses are out of reach, other sandboxes are not, because "
                + "net.bridge.bridge-nf-call-iptables is not 1";
    }

    /// <summary>Rules bind only where the bridges are: null, or in words that the engine has them elsewhere.</summary>
    public string? FindBridgeGap() =>
        Directory.EnumerateDirectories("/sys/class/net", _plan.Bridges + "*").Any()
            ? null : HostIsOpen + "the engine's bridges are not in the network that this process sees";

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            await _firewall.RemoveAllAsync(_plan.Key, cancellationToken);
            _marks.Clear();
            (IsInPlace, _lookedAtIPv6, _hasRedirections) = (false, null, false);
        }
        catch (ToolException exception)
        {
            Log.NotRemoved(_logger, exception.Message);
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _changing.Dispose();
    }

    private async Task EnsureRedirectionsAsync(CancellationToken cancellationToken)
    {
        if (_egress.NeedsResolver)
        {
            _hasRedirections = true;
            await EnsureAsync(_plan.Redirections(_egress.Redirections(_resolver.EnsureListening())), cancellationToken);
        }
        else if (KnowsLimits && _hasRedirections)
        {
            await _firewall.RemoveAsync(_plan.Redirections([]), cancellationToken);
            _hasRedirections = false;
        }
    }

    private async Task EnsureAsync(FirewallChain chain, CancellationToken cancellationToken)
    {
        if (await _firewall.EnsureAsync(chain, cancellationToken))
        {
            // Rules that are put for the first time, or have changed with the lists of a sandbox, nobody took away.
            var wasTaken = _marks.GetValueOrDefault((chain.Program, chain.Table)) == chain.Mark;
            Log.Put(_logger, wasTaken ? LogLevel.Warning : LogLevel.Debug, chain.Program, chain.Name, chain.Table);
        }

        _marks[(chain.Program, chain.Table)] = chain.Mark;
    }

    private static partial class Log
    {
        [LoggerMessage(
            EventId = 3022,
            Message = "Rules of {Program} around sandboxes were missing, they are in place now: chain {Chain} of table {Table}")]
        public static partial void Put(ILogger logger, LogLevel level, string program, string chain, string table);

        [LoggerMessage(3025, LogLevel.Warning, "Rules around sandboxes could not be removed: {Reason}")]
        public static partial void NotRemoved(ILogger logger, string reason);
    }
}
