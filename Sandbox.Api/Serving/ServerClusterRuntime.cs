using System.Collections.Immutable;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Backends;

namespace Sandbox.Api.Serving;

/// <summary>This server's own cluster, as a <see cref="ServeBackend"/> finds it: it runs already, and there is no other.</summary>
internal sealed class ServerClusterRuntime(INodeStore nodes) : IClusterRuntime
{
    /// <summary>The address by which it is named; nothing has to be dialled.</summary>
    public const string Address = "this-server";

    public bool IsInstalled => true;

    public Task<string?> DetectAsync(CancellationToken cancellationToken) => Task.FromResult<string?>(Address);

    public Task<string> StartLocalAsync(CancellationToken cancellationToken) => Task.FromResult(Address);

    public async Task<ImmutableArray<ClusterNode>> ListNodesAsync(string address, CancellationToken cancellationToken) =>
        address != Address
            ? throw new ClusterException($"This server serves models on its own nodes, not on those of {address}.")
            :
            [
                .. (await nodes.ListAsync(cancellationToken)).Select(node => new ClusterNode(
                    node.Facts.Name,
                    !node.IsDead,
                    ImmutableDictionary<string, double>.Empty.Add("CPU", node.Facts.Capacity.Cpus)
                        .Add("memory", node.Facts.Capacity.MemoryBytes).Add("GPU", node.Facts.Capacity.Gpus))),
            ];
}
