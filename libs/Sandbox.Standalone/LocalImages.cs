using Sandbox.Deployments.Docker;

namespace Sandbox.Standalone;

/// <summary>Images on the engine of this machine, for a caller without a server.</summary>
public static class LocalImages
{
    /// <summary>Builds an image by the engine's own interface: no other program is needed.</summary>
    /// <returns>Null when it is there under its tag, else why not.</returns>
    public static async Task<string?> BuildAsync(
        string folder, string tag, IProgress<string> progress, CancellationToken cancellationToken) =>
        (await ImageBuilder.BuildAsync(dockerHost: "", folder, tag, progress, cancellationToken))?.Text;
}
