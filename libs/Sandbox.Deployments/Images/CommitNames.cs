using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Specs;

namespace Sandbox.Deployments.Images;

/// <summary>Names under which a node's engine keeps what one tenant of one cluster commits. Clusters may share an engine, and tenants
/// of the same name in two of them are strangers.</summary>
internal sealed class CommitNames(string cluster, string tenant)
{
    private const int HashLength = 32;

    // Either may have letters that a repository may not.
    private readonly string _prefix = $"{ImageReference.CommitPrefix}{Hash(cluster)}/{Hash(tenant)}/";

    /// <summary>Where the tenant's commit as <paramref name="asked"/> is kept.</summary>
    public ImageReference Of(ImageReference asked) => Named($"{asked.Path}:{asked.Tag}");

    /// <summary>Where a commit is kept until it has been pushed.</summary>
    public ImageReference Unpushed(IncarnationId incarnation) => Named($"unpushed:{incarnation}");

    /// <summary>Where a commit is kept until it has the configuration of the image that it came from.</summary>
    public ImageReference Raw(IncarnationId incarnation) => Named($"raw:{incarnation}");

    /// <summary>A name that a commit has for as long as it takes to be made, or pushed.</summary>
    public static bool IsPassing(string name) =>
        ImageReference.Parse(name) is { IsReserved: true, Path: { } path }
        && path.StartsWith(ImageReference.CommitPrefix, StringComparison.Ordinal) && path.Split('/') is [_, _, _, "unpushed" or "raw"];

    public bool IsOwn(string name) =>
        ImageReference.Parse(name) is { IsReserved: true } image && image.Path.StartsWith(_prefix, StringComparison.Ordinal);

    /// <summary>It is another tenant's commit.</summary>
    public bool IsForeign(string name) =>
        ImageReference.Parse(name) is { IsReserved: true } image
        && image.Path.StartsWith(ImageReference.CommitPrefix, StringComparison.Ordinal)
        && !image.Path.StartsWith(_prefix, StringComparison.Ordinal);

    private static string Hash(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..HashLength];

    private ImageReference Named(string rest) => ImageReference.Parse(_prefix + rest)
        ?? throw new ArgumentException($"'{rest}' cannot be a part of an image's name", nameof(rest));
}
