using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Servers;

/// <summary>One node, on which whatever the records say runs uses the same.</summary>
internal sealed class TestUsage(ISandboxStore store) : INodeUsage
{
    public const long AtMs = 1_767_225_600_000, Memory = 32 << 20;

    public async Task<IReadOnlyList<NodeUsageSample>> ReadAsync(CancellationToken cancellationToken)
    {
        var page = await store.ListAsync(new SandboxQuery([SandboxState.Running], new Dictionary<string, string>()), cancellationToken);
        return
        [
            new NodeUsageSample("n1", AtMs, 100, 4, 1L << 30, 8L << 30, [.. page.Items
                .Select(one => new SandboxUsageSample(one.Id.ToString(), one.Tenant, AtMs, 1.5, Memory))]),
        ];
    }
}
