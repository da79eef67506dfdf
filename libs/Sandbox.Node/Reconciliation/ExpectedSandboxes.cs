using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;

namespace Sandbox.Node.Reconciliation;

/// <summary>The sandboxes that should run on this node. They are known from memory; the records are read whole at start and from time to
/// time.</summary>
internal sealed class ExpectedSandboxes(ISandboxStore store, AgentGateway gateway, NodeIdentity node, TimeProvider time)
{
    private const int PageSize = 500;

    private static readonly TimeSpan ReadAllEvery = TimeSpan.FromMinutes(1);

    private long? _readAll;

    /// <summary>The node was out of the cluster: what it knows from memory may have been decided otherwise meanwhile.</summary>
    public void ReadAllNext() => _readAll = null;

    public async Task<IReadOnlyList<SandboxInstance>> ReadAsync(CancellationToken cancellationToken)
    {
        if (_readAll is { } at && time.GetElapsedTime(at) < ReadAllEvery)
        {
            return gateway.Registered;
        }

        List<SandboxInstance> records = [];
        for (var page = 1; ; page++)
        {
            var query = new SandboxQuery(
                [SandboxState.Running], new Dictionary<string, string> { ["host_name"] = node.Name }, page, PageSize);
            var read = await store.ListAsync(query, cancellationToken);
            records.AddRange(read.Items);
            if (read.Items.Count < PageSize)
            {
                _readAll = time.GetTimestamp();
                return records;
            }
        }
    }
}
