using System.Net;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Networks;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// The networks of this node's sandboxes on its engine. They are made ahead, so that a start only takes the name of one; looked after in
/// each round of reconciliation; and removed with their rules when no sandbox has used them for a while.
/// </summary>
internal sealed partial class SandboxNetworks : IDisposable
{
    /// <summary>How long a network without sandboxes is kept for the next one.</summary>
    public static readonly TimeSpan KeptEmptyFor = TimeSpan.FromMinutes(10);

    /// <summary>Sandboxes of a network, running or not: above the first another network is made ahead, above the second none is added.
    /// The addresses of one end at <see cref="AddressPool.AddressesPerBlock"/>.</summary>
    private const int NearlyFull = 180, Full = 240;

    private readonly EngineNetworks _engine;
    private readonly EngineContainers _containers;
    private readonly SandboxFirewall _firewall;
    private readonly SandboxNetworkPlan _plan;
    private readonly FirewallOwner _owner;
    private readonly EgressTable _egress;
    private readonly SandboxLimits _limits;
    private readonly AbandonedNetworks _abandoned;
    private readonly WorkerOptions _worker;
    private readonly bool _isRequired;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _preparing = new(1);
    private readonly Dictionary<string, NetworkUse> _networks = [];

    private volatile bool _isPrepared;
    private long? _lookedForAbandoned;

    /// <summary>What is not in effect although there is a network of our own; null: nothing.</summary>
    private string? _gap;

    /// <summary>Why there is no network of our own; looked into again in the next round.</summary>
    private string? _failure;

    public SandboxNetworks(
        EngineConnection engine, Firewall firewall, INameLookup lookup, IOptions<SecurityPolicy> policy, IOptions<WorkerOptions> worker,
        TimeProvider time, ILogger<SandboxNetworks> logger)
    {
        (_engine, _containers) = (new EngineNetworks(engine), new EngineContainers(engine));
        (_worker, _time, _logger) = (worker.Value, time, logger);
        _plan = new SandboxNetworkPlan(worker.Value, policy.Value);
        (_owner, _egress) = (new FirewallOwner(_plan.Key), new EgressTable(time));
        _firewall = new SandboxFirewall(firewall, _plan, _egress, lookup, time, logger);
        _limits = new SandboxLimits(_egress, _containers, _plan.Names);
        _abandoned = new AbandonedNetworks(_engine, firewall, _plan.Key, time, logger);
        _isRequired = policy.Value.Network == "required";
    }

    /// <summary>The network for a container that is about to be made. Asks the engine nothing once there is one.</summary>
    /// <exception cref="EngineException">The engine does not answer, or the network cannot be kept apart and the policy wants
    /// that.</exception>
    public async Task<SandboxNetwork> ChooseAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Network is NetworkMode.None)
        {
            return new SandboxNetwork("none", NetworkEffect.None);
        }

        var name = Take();
        if (name is null && _failure is null)
        {
            await PrepareAsync(cancellationToken);
            name = Take();
        }

        return new SandboxNetwork(name ?? "bridge", EffectFor(spec));
    }

    /// <summary>What keeps the network of a container apart that is started again.</summary>
    /// <exception cref="EngineException">The engine does not answer, or the network cannot be kept apart and the policy wants
    /// that.</exception>
    public async Task<string> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        if (!_isPrepared)
        {
            await PrepareAsync(cancellationToken);
        }

        return EffectFor(spec);
    }

    /// <summary>Puts the lists of a sandbox that runs in effect, or takes away those that it had.</summary>
    /// <param name="container">Its name.</param>
    /// <returns>Null when they are; else in words what is not.</returns>
    /// <exception cref="EngineException">The engine does not answer, or the container is in none of our networks.</exception>
    public async Task<string?> LimitAsync(SandboxInstance sandbox, string container, CancellationToken cancellationToken)
    {
        if (await _limits.TrySetAsync(sandbox, container, cancellationToken))
        {
            SetGap(await _firewall.EnsureAsync(cancellationToken) ?? _firewall.FindBridgeGap());
        }

        return SandboxLimits.IsLimited(sandbox.Spec) ? GapOf(sandbox.Spec) : null;
    }

    /// <summary>A sandbox has ended: its address is soon another's.</summary>
    public async Task ForgetAsync(IncarnationId incarnation, CancellationToken cancellationToken)
    {
        if (_egress.Remove(incarnation))
        {
            SetGap(await _firewall.EnsureAsync(cancellationToken) ?? _firewall.FindBridgeGap());
        }
    }

    /// <summary>What keeps the networks of sandboxes apart now, also where the policy refuses it. Networks and rules that are missing are
    /// made, as for a start.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task<string> FindEffectAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        return Effect;
    }

    /// <summary>Puts a container that does not run into a network that can take it: its own is gone or full, or it was made before there
    /// were any.</summary>
    /// <param name="container">Its name.</param>
    public async Task<SandboxNetwork> MoveAsync(SandboxSpec spec, string container, CancellationToken cancellationToken)
    {
        var found = await _containers.FindAsync(container, cancellationToken)
            ?? throw new EngineException(EndReason.Removed, HttpStatusCode.NotFound, null);
        var joined = found.NetworkSettings?.Networks?.Keys.ToList() ?? [];
        await PrepareAsync(cancellationToken);
        Count(await _containers.ListAsync(ContainerLabels.Cluster, _worker.ClusterId, cancellationToken));
        var network = await ChooseAsync(spec, cancellationToken);
        foreach (var name in joined)
        {
            // Also where the name is the same: a container that has run remembers its network by the id.
            await _engine.MoveAsync(container, name, network.Name, cancellationToken);
        }

        Log.Moved(_logger, container, network.Name);
        return network;
    }

    /// <summary>Now, by the ticks of the clock: for <see cref="Note"/>, before the engine is asked.</summary>
    public long Moment => _time.GetTimestamp();

    /// <summary>Notes in which networks the cluster's containers are, running or not, and what they are there.</summary>
    /// <param name="asked"><see cref="Moment"/> before the engine was asked.</param>
    public void Note(IList<ContainerListResponse> containers, long asked)
    {
        Count(containers);
        _limits.Note(containers, asked);
    }

    private void Count(IEnumerable<ContainerListResponse> containers)
    {
        var counts = Counts(containers);
        lock (_lock)
        {
            foreach (var (name, use) in _networks)
            {
                use.Containers = counts.GetValueOrDefault(name);
                use.UsedAt = use.Containers > 0 ? _time.GetTimestamp() : use.UsedAt;
            }
        }
    }

    /// <summary>Finds the networks that there are, makes one where none has room, and puts the rules in place before any sandbox is in it.
    /// Completes at once when another call has just done it.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await _preparing.WaitAsync(cancellationToken);
        try
        {
            _owner.TryHold();
            var gap = await _firewall.EnsureAsync(cancellationToken);
            var names = await ListAsync(cancellationToken);
            if (!HasRoom(names))
            {
                names = [.. names, .. await TryMakeAsync(cancellationToken) is { } made ? (string[])[made] : []];
            }

            _failure = HasRoom(names) ? null : $"no addresses of {_plan.Pool.Network} are free";
            Publish(names, gap ?? _firewall.FindBridgeGap());
            _isPrepared = true;
        }
        catch (EngineException exception) when (!exception.Unreachable)
        {
            _failure = exception.Message;
        }
        finally
        {
            _preparing.Release();
        }

        if (_failure is { } failure)
        {
            Log.NoNetwork(_logger, failure);
        }
    }

    /// <summary>One round: rules that are missing are put back, another network is made where all are nearly full, those that were empty
    /// for long are removed. The lists of all sandboxes that run are known by then.</summary>
    public async Task MaintainAsync(CancellationToken cancellationToken)
    {
        (_failure, _firewall.KnowsLimits) = (null, true);
        _owner.TryHold();
        List<string> unused;
        bool isUsed, isFull;
        lock (_lock)
        {
            (isUsed, isFull) = (_networks.Values.Any(use => use.Containers > 0), _networks.Values.All(use => use.Containers >= NearlyFull));
            unused = [.. _networks.Where(one => one.Value.Containers == 0 && _time.GetElapsedTime(one.Value.UsedAt) >= KeptEmptyFor)
                .Select(one => one.Key)];
        }

        if (isUsed && isFull)
        {
            await PrepareAsync(cancellationToken);
        }
        else if (isUsed)
        {
            SetGap(await _firewall.EnsureAsync(cancellationToken) ?? _firewall.FindBridgeGap());
        }

        if (unused.Count > 0)
        {
            await RemoveAsync(unused, cancellationToken);
        }

        if (_lookedForAbandoned is not { } at || _time.GetElapsedTime(at) >= KeptEmptyFor)
        {
            _lookedForAbandoned = _time.GetTimestamp();
            await _abandoned.RemoveAsync(cancellationToken);
        }
    }

    /// <summary>Removes the networks in which no container is, and with the last one the rules.</summary>
    public async Task RemoveUnusedAsync(CancellationToken cancellationToken)
    {
        List<string> known;
        lock (_lock)
        {
            known = [.. _networks.Keys];
        }

        if (known.Count > 0)
        {
            var counts = Counts(await _containers.ListAsync(ContainerLabels.Cluster, _worker.ClusterId, cancellationToken));
            await RemoveAsync([.. known.Where(name => !counts.ContainsKey(name))], cancellationToken);
        }
        else if (_firewall.IsInPlace)
        {
            await _firewall.RemoveAsync(cancellationToken);
        }
    }

    public void Dispose()
    {
        _owner.Dispose();
        _firewall.Dispose();
        _preparing.Dispose();
    }

    private string Effect => _failure is { } failure ? $"open: sandboxes are in the engine's default network, because {failure}"
        : _gap ?? NetworkEffect.Isolated;

    private string EffectFor(SandboxSpec spec) =>
        _isRequired && Effect is not NetworkEffect.Isolated
            ? throw Refused(
                $"{SecurityPolicy.Section}:{nameof(SecurityPolicy.Network)} is 'required', and the network of a sandbox cannot be kept "
                    + $"apart: {Effect}")
        : SandboxLimits.IsLimited(spec) && GapOf(spec) is { } gap
            ? throw Refused($"lists of what it may reach cannot be put in effect here: {gap}")
        : Effect;

    private static EngineException Refused(string reason) => new(reason, HttpStatusCode.Forbidden, null);

    /// <summary>Why the lists of such a sandbox bind nothing here; null: they do.</summary>
    private string? GapOf(SandboxSpec spec) =>
        Effect is not NetworkEffect.Isolated ? Effect
        : spec.Egress?.AllowedNames.Any() is true && MachineNetworks.Resolvers().Count == 0
            ? "this machine asks a name server on its loopback only, so questions for names do not pass the rules"
        : null;

    private static Dictionary<string, int> Counts(IEnumerable<ContainerListResponse> containers) => containers
        .SelectMany(container => container.NetworkSettings?.Networks?.Keys ?? [])
        .CountBy(name => name)
        .ToDictionary();

    /// <summary>The fullest that has room: the others become empty, and go.</summary>
    private string? Take()
    {
        lock (_lock)
        {
            var (name, use) = _networks.Where(one => one.Value.Containers < Full).OrderByDescending(one => one.Value.Containers)
                .FirstOrDefault();
            if (use is not null)
            {
                use.Containers++;
                use.UsedAt = _time.GetTimestamp();
            }

            return name;
        }
    }

    private bool HasRoom(IEnumerable<string> names)
    {
        lock (_lock)
        {
            return names.Any(name => !_networks.TryGetValue(name, out var use) || use.Containers < NearlyFull);
        }
    }

    private async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _engine.ListAsync(ContainerLabels.Cluster, _worker.ClusterId, cancellationToken))
            .Select(network => network.Name)
            // Another node's have other bridges and rules.
            .Where(name => name.StartsWith(_plan.Names, StringComparison.Ordinal))];

    private async Task<string?> TryMakeAsync(CancellationToken cancellationToken)
    {
        var routes = MachineNetworks.Routes();
        for (var tried = 0; tried < _plan.Pool.Blocks; tried++)
        {
            var block = (_plan.FirstBlock + tried) % _plan.Pool.Blocks;
            if (!routes.Any(route => AddressPool.Overlap(route, _plan.Pool.Block(block)))
                && await _engine.TryCreateAsync(_plan.ToParameters(block), cancellationToken))
            {
                Log.Made(_logger, _plan.NameOf(block), _plan.Pool.Block(block).ToString());
                return _plan.NameOf(block);
            }
        }

        return null;
    }

    private void Publish(IReadOnlyList<string> names, string? gap)
    {
        SetGap(gap);
        lock (_lock)
        {
            foreach (var gone in _networks.Keys.Except(names).ToList())
            {
                _networks.Remove(gone);
            }

            foreach (var name in names)
            {
                _networks.TryAdd(name, new NetworkUse { UsedAt = _time.GetTimestamp() });
            }
        }
    }

    private void SetGap(string? gap)
    {
        if (gap is not null && gap != _gap)
        {
            Log.NotInEffect(_logger, gap);
        }

        _gap = gap;
    }

    private async Task RemoveAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        await _preparing.WaitAsync(cancellationToken);
        try
        {
            // From here on no start takes one; one that took it just now finds it gone, and is moved.
            lock (_lock)
            {
                foreach (var name in names)
                {
                    _networks.Remove(name);
                }
            }

            foreach (var name in names)
            {
                if (await _engine.TryRemoveAsync(name, cancellationToken))
                {
                    Log.Removed(_logger, name);
                }
            }

            var left = await ListAsync(cancellationToken);
            Publish(left, _gap);
            if (left.Count == 0)
            {
                await _firewall.RemoveAsync(cancellationToken);
            }
        }
        finally
        {
            _preparing.Release();
        }
    }

    private sealed class NetworkUse
    {
        public int Containers { get; set; }

        /// <summary>When a sandbox was last seen in it, or put into it, by the clock's ticks.</summary>
        public long UsedAt { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(3020, LogLevel.Information, "Network {Name} ({Addresses}) was made for sandboxes")]
        public static partial void Made(ILogger logger, string name, string addresses);

        [LoggerMessage(3021, LogLevel.Information, "Network {Name} was removed, no sandbox needs it")]
        public static partial void Removed(ILogger logger, string name);

        [LoggerMessage(3023, LogLevel.Warning, "The network of sandboxes is not kept apart as it should be: {Gap}")]
        public static partial void NotInEffect(ILogger logger, string gap);

        [LoggerMessage(3024, LogLevel.Warning, "No network of our own could be made for sandboxes: {Reason}")]
        public static partial void NoNetwork(ILogger logger, string reason);

        [LoggerMessage(3026, LogLevel.Information, "Container {Container} was put into network {Network}")]
        public static partial void Moved(ILogger logger, string container, string network);
    }
}
