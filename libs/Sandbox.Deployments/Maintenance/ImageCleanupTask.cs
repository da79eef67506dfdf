using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Node;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Deployments.Maintenance;

/// <summary>Looks at once whether the images take more than they may, and removes those without a name where that is configured.</summary>
internal sealed class ImageCleanupTask(
    EngineConnection engine, ImageEviction eviction, IOptions<WorkerOptions> worker, CurrentOptions<MaintenanceOptions> options)
    : IMaintenanceTask
{
    private readonly EngineImages _images = new(engine);

    public string Name => MaintenanceTasks.ImageCleanup;

    public bool IsOffered => worker.Value.AsksEngine;

    public Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken) =>
        EngineFailure.TranslateAsync(async () =>
        {
            var removed = await eviction.SweepAsync(cancellationToken);
            progress($"removed {removed} images that were not used for longest");
            return options.Value.PrunesDanglingImages
                ? $"removed {removed} images that were not used for longest, and {await PruneAsync(cancellationToken)}"
                : $"removed {removed} images that were not used for longest";
        });

    private async Task<string> PruneAsync(CancellationToken cancellationToken)
    {
        var (count, bytes) = await _images.PruneAsync(cancellationToken);
        return $"{count} without a name, {bytes} bytes";
    }
}
