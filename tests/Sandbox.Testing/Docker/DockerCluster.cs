using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Testing;

/// <summary>
/// A cluster id of a test's own (or of a test class's): whatever containers and networks carry it are removed at the end, with the images
/// that were loaded for them from an archive or committed from them, and the rules around their bridges, so that nothing is left behind,
/// also by a test that fails.
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

            foreach (var (network, bridge) in await NetworksAsync(CancellationToken.None))
            {
                await DockerEngine.DeleteAsync($"networks/{network}", CancellationToken.None);
                await RemoveRulesAsync(bridge.Split('-')[0]);
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

    /// <summary>Names of the networks that carry the label now, with the names of their bridges.</summary>
    public async Task<IReadOnlyList<(string Name, string Bridge)>> NetworksAsync(CancellationToken cancellationToken)
    {
        var listed = await DockerEngine.GetAsync($"networks?filters={Filters}", cancellationToken);
        return [.. listed!.AsArray().Select(network =>
            ((string)network!["Name"]!, (string)network["Options"]!["com.docker.network.bridge.name"]!))];
    }

    /// <summary>Of a worker that was killed.</summary>
    private static async Task RemoveRulesAsync(string bridges)
    {
        foreach (var program in (string[])["iptables", "ip6tables"])
        {
            // Nothing here may change them, or there are none: then there is nothing to remove.
            // The chain's branches go with it, and what leads questions for names to a resolver.
            var script = $$"""
                for table in mangle nat; do
                    {{program}}-save -t $table | sed -n 's/^-A PREROUTING\(.* -i {{bridges}}-+ .*\)$/-D PREROUTING\1/p' |
                        while read -r rule; do {{program}} -w -t $table $rule; done
                    chains=$({{program}}-save -t $table | sed -n 's/^:\(SANDBOX-{{bridges[2..]}}[^ ]*\) .*$/\1/p')
                    for chain in $chains; do {{program}} -w -t $table -F "$chain"; done
                    for chain in $chains; do {{program}} -w -t $table -X "$chain"; done
                done
                """;
            using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardError = true })!;
            await shell.WaitForExitAsync();
        }
    }

    private string Filters => Uri.EscapeDataString($$"""{"label":["{{Label}}={{ClusterId}}"]}""");

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
        var listed = await DockerEngine.GetAsync($"containers/json?all=1&filters={Filters}", cancellationToken);
        return [.. listed!.AsArray().Select(container => ((string)container!["Id"]!, (string)container["ImageID"]!))];
    }
}
