using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Testing;

/// <summary>
/// A cluster id of a test's own (or of a test class's): whatever containers carry it are removed at the end, with the images
/// that were loaded for them from an archive or committed from them, so that nothing is left behind, also by a test that fails.
/// </summary>
public sealed class DockerCluster : IAsyncDisposable
{
    public const string Label = "sandbox.aspire/cluster";

    public string ClusterId { get; } = $"test-{Guid.NewGuid():N}";

    /// <summary>Ids of the containers that carry the label now.</summary>
    public async Task<IReadOnlyList<string>> ContainersAsync(CancellationToken cancellationToken) =>
        [.. (await ListAsync(cancellationToken)).Select(container => container.Id)];

    public async ValueTask DisposeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            var left = await ListAsync(CancellationToken.None);
            await Task.WhenAll(left.Select(container => DockerEngine.RemoveContainerAsync(container.Id, CancellationToken.None)));
            foreach (var image in left.Select(container => container.ImageId).Distinct())
            {
                await RemoveArchivedAsync(image);
            }

            foreach (var commit in await CommitsAsync(CancellationToken.None))
            {
                await DockerEngine.DeleteAsync($"images/{commit}", CancellationToken.None);
            }
        }
    }

    /// <summary>Names of the images that the engine keeps for commits of this cluster's tenants.</summary>
    public async Task<IReadOnlyList<string>> CommitsAsync(CancellationToken cancellationToken)
    {
        var prefix = $"sandbox-commit/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ClusterId)))[..32]}/";
        return
        [
            .. (await DockerEngine.GetAsync("images/json", cancellationToken))!.AsArray()
                .SelectMany(image => image!["RepoTags"]?.AsArray().Select(tag => (string)tag!) ?? [])
                .Where(tag => tag.StartsWith(prefix, StringComparison.Ordinal)),
        ];
    }

    private static async Task RemoveArchivedAsync(string image)
    {
        var tags = (await DockerEngine.GetAsync($"images/{image}/json", CancellationToken.None))?["RepoTags"]?.AsArray() ?? [];
        foreach (var tag in tags.Select(tag => (string)tag!).Where(tag => tag.StartsWith("sandbox-archive:", StringComparison.Ordinal)))
        {
            await DockerEngine.DeleteAsync($"images/{tag}", CancellationToken.None);
        }
    }

    private async Task<List<(string Id, string ImageId)>> ListAsync(CancellationToken cancellationToken)
    {
        var filters = Uri.EscapeDataString($$"""{"label":["{{Label}}={{ClusterId}}"]}""");
        var listed = await DockerEngine.GetAsync($"containers/json?all=1&filters={filters}", cancellationToken);
        return [.. listed!.AsArray().Select(container => ((string)container!["Id"]!, (string)container["ImageID"]!))];
    }
}
