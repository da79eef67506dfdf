using System.Text.RegularExpressions;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// The name of an image, checked before it is put into an engine's address: <c>[registry/]path[:tag][@digest]</c>, or an
/// image id (<c>sha256:…</c>).
/// </summary>
internal sealed partial class ImageReference
{
    private const int MaxLength = 512;

    private ImageReference(string text, Match match)
    {
        Text = text;
        Repository = match.Groups["name"].Value;
        Digest = match.Groups["digest"] is { Success: true } digest ? digest.Value : null;
        Tag = match.Groups["tag"] is { Success: true } tag ? tag.Value : null;
        Registry = match.Groups["registry"] is { Success: true } registry ? registry.Value : null;
    }

    public string Text { get; }

    /// <summary>Registry and path, without tag and digest; empty for an image id.</summary>
    public string Repository { get; }

    public string? Tag { get; }

    public string? Digest { get; }

    /// <summary>Host (and port) of the registry when the name says one; null is the engine's default registry.</summary>
    public string? Registry { get; }

    /// <summary>An image id names what an engine has, and nothing that a registry has.</summary>
    public bool CanBePulled => Repository.Length > 0;

    public static ImageReference? Parse(string text)
    {
        var match = text.Length <= MaxLength ? Form().Match(text) : Match.Empty;
        return match.Success ? new ImageReference(text, match) : null;
    }

    // A first part that has a dot or a port, or is "localhost", is a registry; anything else belongs to the path.
    [GeneratedRegex(
        """
        ^(?:sha256:[0-9a-f]{64}
        |(?<name>(?:(?<registry>localhost(?::\d{1,5})?|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d{1,5})?|[A-Za-z0-9-]+:\d{1,5})/)?
        [a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)
        (?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?
        (?:@(?<digest>sha256:[0-9a-f]{64}))?)\z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
