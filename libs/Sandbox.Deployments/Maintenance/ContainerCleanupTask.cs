using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Deployments.Maintenance;

/// <summary>Removes what a node of this cluster left on this engine that is no node any more, once no record wants it. A stopped sandbox
/// keeps its container until its own deadline, and containers of others are never touched; those of nodes that live are looked after by
/// them.</summary>
internal sealed class ContainerCleanupTask(
    EngineConnection engine, ISandboxStore records, INodeStore nodes, IOptions<WorkerOptions> worker,
    CurrentOptions<MaintenanceOptions> options, TimeProvider time) : IMaintenanceTask
{
    private readonly EngineContainers _containers = new(engine);

    public string Name => MaintenanceTasks.ContainerCleanup;

    public bool IsOffered => worker.Value.AsksEngine;

    public Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken) =>
        EngineFailure.TranslateAsync(async () =>
        {
            // In this order: what a node makes that registers meanwhile is in neither list.
            var found = await _containers.ListAsync(ContainerLabels.Cluster, worker.Value.ClusterId, cancellationToken);
            var known = (await nodes.ListAsync(cancellationToken)).Select(node => node.Facts.Name).ToHashSet(StringComparer.Ordinal);
            var before = time.GetUtcNow() - options.Value.LeastContainerAge;
            var removed = 0;
            foreach (var container in found.Where(container => IsAbandoned(container, known)
                && new DateTimeOffset(container.Created.ToUniversalTime()) <= before))
            {
                if (await IsWantedAsync(container, cancellationToken))
                {
                    continue;
                }

                await _containers.RemoveAsync(container.ID, cancellationToken);
                progress($"removed {++removed} containers of nodes that are gone");
            }

            return $"removed {removed} containers of nodes that are gone";
        });

    private bool IsAbandoned(ContainerListResponse container, HashSet<string> known) =>
        !ContainerLabels.AreOfNode(container.Labels, worker.Value)
        && container.Labels.TryGetValue(ContainerLabels.Node, out var node) && !known.Contains(node);

    private async Task<bool> IsWantedAsync(ContainerListResponse container, CancellationToken cancellationToken) =>
        !ContainerLabels.TryRead(container.Labels, worker.Value.ClusterId, out IncarnationId incarnation, out SandboxId id)
        || (await records.FindAsync(id, cancellationToken)
            is { State: not (SandboxState.Deleted or SandboxState.Archived) } record && record.Incarnation == incarnation);
}
