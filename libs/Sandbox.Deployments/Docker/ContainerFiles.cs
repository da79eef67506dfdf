using System.Text.RegularExpressions;
using Docker.DotNet.Models;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Docker;

/// <summary>Where the engine keeps what a container writes; all of it below the engine's data folder.</summary>
/// <param name="Changes">Folder with what differs from the image.</param>
/// <param name="Log">A file; before the first start it is not there.</param>
/// <param name="Volumes">Folders.</param>
internal sealed partial record ContainerFiles(string Changes, string Log, IReadOnlyList<string> Volumes)
{
    /// <summary>Of each, the folder's own first.</summary>
    public IReadOnlyList<string> Folders => [Changes, Path.GetDirectoryName(Log)!, .. Volumes];

    /// <exception cref="ToolException">The engine keeps them otherwise, or in places that are not named plainly.</exception>
    public static ContainerFiles Of(ContainerInspectResponse container, string dataFolder)
    {
        var changes = container.GraphDriver is { Name: "overlay2", Data: { } data } && data.TryGetValue("UpperDir", out var upper)
            ? upper : null;
        var volumes = container.Mounts?.Where(mount => mount.Type is "volume").Select(mount => mount.Source) ?? [];

        // The engine tells the log's path only once it has begun it.
        return new ContainerFiles(
            Below(dataFolder, changes),
            Below(dataFolder, $"{dataFolder}/containers/{container.ID}/{container.ID}-json.log"),
            [.. volumes.Select(volume => Below(dataFolder, volume))]);
    }

    /// <summary>A path that is just what it looks like, also to xfs_quota, which takes its commands apart at blanks.</summary>
    public static string Plain(string? path) => path is not null && PlainPath().IsMatch(path) && Path.GetFullPath(path) == path
        ? path
        : throw new ToolException($"'{path}' is no path that can be used here");

    private static string Below(string dataFolder, string? path) =>
        Plain(path).StartsWith($"{Plain(dataFolder)}/", StringComparison.Ordinal)
        ? path!
        : throw new ToolException($"{path} is not below {dataFolder}, the engine's data folder");

    [GeneratedRegex(@"\A(/[A-Za-z0-9._@:+=,~-]+)+\z")]
    private static partial Regex PlainPath();
}
