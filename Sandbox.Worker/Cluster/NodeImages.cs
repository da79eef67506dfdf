using Sandbox.Worker.Docker;

namespace Sandbox.Worker.Cluster;

/// <summary>Names of the images that need not be pulled here.</summary>
internal sealed class NodeImages(EngineConnection engine)
{
    /// <summary>More would make each claim heavy; a start is only preferred by this, never refused.</summary>
    private const int Most = 200;

    private readonly EngineImages _images = new(engine);

    public async Task<IReadOnlyCollection<string>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _images.ListAsync(cancellationToken)).Take(Most)];
}
