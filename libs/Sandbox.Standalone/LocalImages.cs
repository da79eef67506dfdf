using Sandbox.Deployments.Docker;
using Sandbox.Domain.Specs;

namespace Sandbox.Standalone;

/// <summary>Images on the engine of this machine, for a caller without a server.</summary>
public static class LocalImages
{
    /// <summary>Builds an image by the engine's own interface: no other program is needed.</summary>
    /// <returns>Null when it is there under its tag, else why not.</returns>
    public static async Task<string?> BuildAsync(
        string folder, string tag, IProgress<string> progress, CancellationToken cancellationToken) =>
        (await ImageBuilder.BuildAsync(dockerHost: "", folder, tag, progress, cancellationToken))?.Text;

    /// <summary>The name that starts look for where a mirror has a copy of an image: under its own path, or, where the mirror is a path
    /// of a registry, below that. Null: it is no name of an image with a tag.</summary>
    /// <param name="mirror">A registry, or one with a path (<c>mirror.example/copies</c>).</param>
    public static string? CopyNameOf(string image, string mirror) =>
        ImageReference.WhyRefused(image) is not null || ImageReference.Parse(image) is not { Tag: { } tag } reference ? null
        : mirror.Contains('/', StringComparison.Ordinal) ? $"{mirror}/{reference.Path[(reference.Path.LastIndexOf('/') + 1)..]}:{tag}"
        : $"{mirror}/{reference.Path}:{tag}";

    /// <summary>Copies an image into another registry.</summary>
    /// <param name="copy">Its name there, with the registry.</param>
    /// <param name="login">User and password at that registry; null: it asks for none.</param>
    /// <param name="pullsAlways">Its own registry is asked for it also where the engine has it.</param>
    /// <returns>Null when it is there, else why not.</returns>
    public static async Task<string?> CopyAsync(
        string image, string copy, (string Username, string Password)? login, bool pullsAlways, IProgress<string> progress,
        CancellationToken cancellationToken) =>
        (await ImageCopy.RunAsync(dockerHost: "", (image, copy), login, pullsAlways, progress, cancellationToken))?.Text;
}
