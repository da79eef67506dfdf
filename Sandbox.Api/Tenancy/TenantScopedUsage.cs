using Sandbox.Api.Auth;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tenancy;

/// <summary>What the caller's sandboxes use; of nodes, only an admin hears.</summary>
internal sealed class TenantScopedUsage(INodeUsage usage, CurrentCaller caller)
{
    public async Task<UsageResult> ReadAsync(CancellationToken cancellationToken)
    {
        var told = await usage.ReadAsync(cancellationToken);
        var nodes = caller.Value.IsAdmin ? told : [];
        return new UsageResult(
            [.. nodes.Select(
                node => new NodeUsage(
                    node.Node, node.AtMilliseconds, node.CpuSeconds, node.Cpus, node.MemoryBytes, node.MemoryTotalBytes))],
            [.. told.SelectMany(node => node.Sandboxes).Where(sandbox => caller.Value.Sees(sandbox.Tenant))
                .Select(sandbox => new SandboxUsage(sandbox.SandboxId, sandbox.AtMilliseconds, sandbox.CpuSeconds, sandbox.MemoryBytes))]);
    }
}
