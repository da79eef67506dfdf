namespace AppHost;

/// <summary>The name of a container image in its parts, as Aspire keeps them.</summary>
/// <param name="Registry">Null: the engine's default, or an image that is only on this machine.</param>
internal sealed record ImageName(string? Registry, string Image, string Tag)
{
    private const string NoTag = "latest";

    public static ImageName Parse(string text)
    {
        var slash = text.IndexOf('/');
        var registry = slash > 0 && (text[..slash].AsSpan().ContainsAny('.', ':') || text[..slash] is "localhost") ? text[..slash] : null;
        var rest = registry is null ? text : text[(slash + 1)..];
        var colon = rest.LastIndexOf(':');
        return colon > rest.LastIndexOf('/')
            ? new ImageName(registry, rest[..colon], rest[(colon + 1)..])
            : new ImageName(registry, rest, NoTag);
    }

    public static ImageName Of(ContainerImageAnnotation image) => new(image.Registry, image.Image, image.Tag ?? NoTag);

    public void ApplyTo(ContainerImageAnnotation image) => (image.Registry, image.Image, image.Tag) = (Registry, Image, Tag);

    public override string ToString() => Registry is null ? $"{Image}:{Tag}" : $"{Registry}/{Image}:{Tag}";
}
