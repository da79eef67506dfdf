using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Serving;

/// <summary>How often in a row an engine did not answer. It is not kept: another process begins to count anew.</summary>
internal sealed class ReplicaHealthCounts
{
    private readonly ConcurrentDictionary<SandboxId, int> _misses = new();

    /// <summary>A look without an answer; how many it were in a row.</summary>
    public int Miss(SandboxId sandbox) => _misses.AddOrUpdate(sandbox, 1, static (_, count) => count + 1);

    public void Clear(SandboxId sandbox) => _misses.TryRemove(sandbox, out _);
}
