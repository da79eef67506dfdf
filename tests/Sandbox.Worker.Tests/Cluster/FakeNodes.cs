using System.Collections.Concurrent;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Worker.Tests.Cluster;

/// <summary>The nodes of a cluster in memory, with a clock of the test's, and with failures of its choice.</summary>
internal sealed class FakeNodes(TimeProvider time) : INodeStore
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new();
    private int _heartbeats;

    /// <summary>Every call fails with it.</summary>
    public Exception? Fails { get; set; }

    /// <summary>Answers heartbeats as if another process had the name.</summary>
    public bool RefusesHeartbeats { get; set; }

    public int Heartbeats => _heartbeats;

    public void Put(NodeView node) => _entries[node.Facts.Name] = new Entry(node, "somebody", time.GetUtcNow() + NodeView.DeadAfter);

    public Task<Result<Lease>> TryRegisterAsync(NodeFacts facts, string holder, TimeSpan lease, CancellationToken cancellationToken)
    {
        Throw();
        var known = _entries.GetValueOrDefault(facts.Name);
        if (known is not null && known.Holder != holder && known.Until > time.GetUtcNow())
        {
            return Task.FromResult<Result<Lease>>(new SandboxError.NodeNameTaken(facts.Name));
        }

        var epoch = (known?.View.Epoch ?? 0) + 1;
        var view = new NodeView(facts, new NodeLoad(facts.Capacity, 0, null), epoch, TimeSpan.Zero, Draining: false, Left: false);
        _entries[facts.Name] = new Entry(view, holder, time.GetUtcNow() + lease);
        return Task.FromResult<Result<Lease>>(new Lease(Lease.OfNode(facts.Name), holder, epoch));
    }

    public Task<bool> TryHeartbeatAsync(Lease node, NodeLoad load, TimeSpan lease, CancellationToken cancellationToken)
    {
        Throw();
        Interlocked.Increment(ref _heartbeats);
        var name = node.Name[Lease.OfNode("").Length..];
        if (RefusesHeartbeats || _entries.GetValueOrDefault(name) is not { } known || known.View.Epoch != node.Epoch)
        {
            return Task.FromResult(false);
        }

        _entries[name] = known with { View = known.View with { Load = load }, Until = time.GetUtcNow() + lease };
        return Task.FromResult(true);
    }

    public Task LeaveAsync(Lease node, CancellationToken cancellationToken)
    {
        var name = node.Name[Lease.OfNode("").Length..];
        _entries[name] = _entries[name] with { Until = time.GetUtcNow(), View = _entries[name].View with { Left = true } };
        return Task.CompletedTask;
    }

    public Task<bool> SetDrainingAsync(string node, bool draining, CancellationToken cancellationToken)
    {
        _entries[node] = _entries[node] with { View = _entries[node].View with { Draining = draining } };
        return Task.FromResult(true);
    }

    public Task<bool> TryForgetAsync(string node, CancellationToken cancellationToken) => Task.FromResult(_entries.TryRemove(node, out _));

    public Task<NodeView?> FindAsync(string node, CancellationToken cancellationToken)
    {
        Throw();
        return Task.FromResult(_entries.GetValueOrDefault(node)?.View);
    }

    public Task<IReadOnlyList<NodeView>> ListAsync(CancellationToken cancellationToken)
    {
        Throw();
        return Task.FromResult<IReadOnlyList<NodeView>>([.. _entries.Values.Select(entry => entry.View)]);
    }

    private void Throw()
    {
        if (Fails is not null)
        {
            throw Fails;
        }
    }

    private sealed record Entry(NodeView View, string Holder, DateTimeOffset Until);
}
