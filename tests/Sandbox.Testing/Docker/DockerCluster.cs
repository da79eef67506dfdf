namespace Sandbox.Testing;

/// <summary>
/// A cluster id of a test's own (or of a test class's): whatever containers carry it are removed at the end, so that nothing
/// is left behind, also by a test that fails.
/// </summary>
public sealed class DockerCluster : IAsyncDisposable
{
    public const string Label = "sandbox.aspire/cluster";

    public string ClusterId { get; } = $"test-{Guid.NewGuid():N}";

    /// <summary>Ids of the containers that carry the label now.</summary>
    public async Task<IReadOnlyList<string>> ContainersAsync(CancellationToken cancellationToken)
    {
        var filters = Uri.EscapeDataString($$"""{"label":["{{Label}}={{ClusterId}}"]}""");
        var listed = await DockerEngine.GetAsync($"containers/json?all=1&filters={filters}", cancellationToken);
        return [.. listed!.AsArray().Select(container => (string)container!["Id"]!)];
    }

    public async ValueTask DisposeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            var left = await ContainersAsync(CancellationToken.None);
            await Task.WhenAll(left.Select(container => DockerEngine.RemoveContainerAsync(container, CancellationToken.None)));
        }
    }
}
