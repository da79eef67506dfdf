namespace Sandbox.Contracts.Cluster;

/// <summary>The names of the maintenance tasks, as ROCK has them.</summary>
public static class MaintenanceTasks
{
    /// <summary>Removes the images that were not used for longest, where they take more than they may.</summary>
    public const string ImageCleanup = "image_cleanup";

    /// <summary>Pulls images before a sandbox needs them.</summary>
    public const string ImagePull = "image_pull";

    /// <summary>Removes containers of the cluster that no node and no record has any more.</summary>
    public const string ContainerCleanup = "container_cleanup";

    /// <summary>Asks the engine whether it answers, and starts it where that is configured.</summary>
    public const string DockerHealth = "docker_health";

    /// <summary>Removes old and large files of configured folders.</summary>
    public const string FileCleanup = "file_cleanup";

    /// <summary>Puts the logs of sandboxes that were stopped into the archive store.</summary>
    public const string SandboxLogArchive = "sandbox_log_archive";

    public static IReadOnlyList<string> All { get; } =
        [ImageCleanup, ImagePull, ContainerCleanup, DockerHealth, FileCleanup, SandboxLogArchive];

    /// <summary>What a task set may have: what only removes or puts away.</summary>
    public static IReadOnlyList<string> ForTaskSets { get; } = [.. All.Where(IsForTaskSets)];

    private static bool IsForTaskSets(string task) =>
        task.EndsWith("_cleanup", StringComparison.Ordinal) || task.EndsWith("_prune", StringComparison.Ordinal)
        || task.EndsWith("_archive", StringComparison.Ordinal);
}
