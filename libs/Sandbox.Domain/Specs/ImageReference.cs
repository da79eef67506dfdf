using System.Text.RegularExpressions;

namespace Sandbox.Domain.Specs;

/// <summary>
/// The name of an image, <c>[registry/]path[:tag][@digest]</c>, in full. An engine takes a short name also for the beginning of an
/// image's id, and a short name and its full form for the same image: everything that decides about an image, or asks an engine
/// for it, uses <see cref="Name"/>.
/// </summary>
public sealed partial class ImageReference
{
    /// <summary>First part of the path of what tenants commit on a node's engine.</summary>
    public const string CommitPrefix = "sandbox-commit/";

    /// <summary>The registry of names that say none.</summary>
    public const string Hub = "docker.io";

    private const int MaxLength = 512;
    private const string HubPrefix = "library/";

    /// <summary>Names of the images that this platform makes for its own processes and as its default.</summary>
    private static readonly string[] PlatformPaths =
    [
        "library/sandbox-base", "library/sandbox-cluster", "library/sandbox-cluster-base", "library/sandbox-postgres",
        "library/sandbox-redis",
    ];

    private ImageReference(Match match)
    {
        Registry = match.Groups["registry"] is { Success: true } registry ? registry.Value.ToLowerInvariant() : null;
        Host = Registry is null or "index.docker.io" ? Hub : Registry;
        var path = match.Groups["path"].Value;
        Path = Host == Hub && !path.Contains('/', StringComparison.Ordinal) ? HubPrefix + path : path;
        Digest = match.Groups["digest"] is { Success: true } digest ? digest.Value : null;
        Tag = Digest is not null ? null : match.Groups["tag"] is { Success: true } tag ? tag.Value : "latest";
    }

    /// <summary>Host (and port) of the registry, in lower case, when the text says one; null: it does not.</summary>
    public string? Registry { get; }

    /// <summary>Host (and port) of the registry that the name belongs to: <c>docker.io</c> where it says none.</summary>
    public string Host { get; }

    /// <summary>Path in the registry; on <c>docker.io</c> of at least two parts.</summary>
    public string Path { get; }

    /// <summary><c>latest</c> where the text says neither tag nor digest; null where there is a digest, which is more exact.</summary>
    public string? Tag { get; }

    public string? Digest { get; }

    /// <summary>Registry and path, without tag and digest.</summary>
    public string Repository => $"{Host}/{Path}";

    /// <summary>The whole name: one image has one of each registry, repository and tag (or digest).</summary>
    public string Name => Digest is null ? $"{Repository}:{Tag}" : $"{Repository}@{Digest}";

    /// <summary>What this platform keeps on an engine for a job of its own, or for one tenant, under names that no caller says.</summary>
    public bool IsReserved =>
        Host == Hub && (Path is "library/sandbox-archive" || Path.StartsWith(CommitPrefix, StringComparison.Ordinal));

    /// <summary>An image of the platform itself: nobody's commit replaces it.</summary>
    public bool IsPlatforms => Host == Hub && PlatformPaths.Contains(Path);

    /// <summary>Null when the text is no name of an image; the id of one is none.</summary>
    public static ImageReference? Parse(string text)
    {
        var match = text.Length <= MaxLength && !IdForm().IsMatch(text) ? Form().Match(text) : Match.Empty;
        return match.Success ? new ImageReference(match) : null;
    }

    /// <summary>Why a caller may not name an image so, to be put behind the text; null: it may.</summary>
    public static string? WhyRefused(string text) => IdForm().IsMatch(text)
        ? "reads like the id of an image, or a part of one; say its name, with a tag"
        : Parse(text) is not { } reference ? "is not the name of an image"
        : reference.IsReserved ? "is a name that this platform keeps for itself"
        : null;

    public override string ToString() => Name;

    // Engines look for what is hexadecimal among the ids of all their images, from one digit on. One digit is left to names: in
    // full, no name is looked for there.
    [GeneratedRegex(@"^(?:sha256:[0-9a-f]*|[0-9a-f]{2,64})\z")]
    private static partial Regex IdForm();

    // A first part that has a dot or a port, or is "localhost", is a registry; anything else belongs to the path.
    [GeneratedRegex(
        """
        ^(?:(?<registry>localhost(?::\d{1,5})?|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d{1,5})?|[A-Za-z0-9-]+:\d{1,5})/)?
        (?<path>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)
        (?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?
        (?:@(?<digest>sha256:[0-9a-f]{64}))?\z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
