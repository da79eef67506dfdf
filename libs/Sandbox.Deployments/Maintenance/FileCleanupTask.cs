using System.Globalization;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Docker;
using Sandbox.Deployments.Tools;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Deployments.Maintenance;

/// <summary>
/// Removes old and large files of the configured folders, and then their empty folders. The folders hold what sandboxes write, who may
/// put a symbolic link in any place at any moment: <c>find</c> removes, which goes from folder to folder by their descriptors and
/// follows no link. What is mounted in such a folder, and what is named after a sandbox that runs, is left alone.
/// </summary>
internal sealed class FileCleanupTask(
    IHostTools tools, DeploymentSet deployments, IOptions<WorkerOptions> worker, CurrentOptions<MaintenanceOptions> options)
    : IMaintenanceTask
{
    /// <summary>What this process sees mounted.</summary>
    internal string MountTable { get; init; } = "/proc/self/mountinfo";

    public string Name => MaintenanceTasks.FileCleanup;

    public async Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken)
    {
        var current = options.Value;
        var running = await RunningAsync(cancellationToken);
        List<string> failed = [];
        var (files, folders) = (0L, 0L);
        foreach (var folder in current.CleanedFolders)
        {
            if (WhyRefused(folder) is { } reason)
            {
                failed.Add($"{folder} {reason}");
                continue;
            }

            _ = SizeText.TryParse(current.MostFileSize, out var most);
            var minutes = ((long)current.MostFileAge.TotalMinutes).ToString(CultureInfo.InvariantCulture);
            string[] old =
                ["!", "-type", "d", "(", "-mmin", $"+{minutes}", "-o", "-size", $"+{most.ToString(CultureInfo.InvariantCulture)}c", ")"];
            string[] empty = ["-type", "d", "-empty", "-mmin", $"+{minutes}"];
            files += await RemoveAsync(folder, old, running, failed, cancellationToken);
            folders += await RemoveAsync(folder, empty, running, failed, cancellationToken);
            progress($"removed {files} files and {folders} empty folders");
        }

        var done = $"removed {files} files and {folders} empty folders of {current.CleanedFolders.Count} configured folders";
        return failed.Count == 0 ? done : throw new MaintenanceException($"{done}; {string.Join("; ", failed)}");
    }

    /// <summary>At each run, and not only when the settings are read: what a name leads to may be another by now.</summary>
    private string? WhyRefused(string folder) =>
        CleanedFolder.WhyRefused(folder, Path.GetFullPath(worker.Value.DataFolder), AppContext.BaseDirectory.TrimEnd('/')) is { } named
            ? named
            : CleanedFolder.WhyNotFound(folder) is { } found ? $"is left alone: {found}"
            : MountedIn(folder) is { } mounted ? $"is left alone: {mounted} is mounted in it" : null;

    private string? MountedIn(string folder) =>
        // The fifth word; a blank in it is written in octal digits, and no name that is looked for here has one.
        File.ReadLines(MountTable).Select(line => line.Split(' ')).Where(words => words.Length > 4).Select(words => words[4])
            .FirstOrDefault(point => point.StartsWith(Octal(folder) + "/", StringComparison.Ordinal));

    /// <summary>As the kernel writes it there.</summary>
    private static string Octal(string path) => path.Replace(" ", @"\040", StringComparison.Ordinal);

    /// <returns>How many were removed.</returns>
    private async Task<long> RemoveAsync(
        string folder, string[] which, IReadOnlyCollection<string> running, List<string> failed, CancellationToken cancellationToken)
    {
        List<string> arguments = ["-P", folder, "-ignore_readdir_race", "-mindepth", "1", "-xdev"];
        foreach (var name in running)
        {
            arguments.AddRange(["!", "-name", name, "!", "-path", $"*/{name}/*"]);
        }

        // It writes a byte for each that it has removed.
        using var removed = new MemoryStream();
        var outcome = await tools.RunAsync(
            "find", [.. arguments, .. which, "-delete", "-printf", "."], input: null, removed, cancellationToken);
        if (!outcome.Succeeded)
        {
            failed.Add($"{folder}: {outcome.Failure.ReplaceLineEndings(" ")}");
        }

        return removed.Length;
    }

    /// <summary>Names after which sandboxes that run may have a folder: none has a character that means something in a pattern.</summary>
    private async Task<IReadOnlyCollection<string>> RunningAsync(CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var deployment in deployments.All)
        {
            try
            {
                foreach (var found in (await deployment.ListAsync(cancellationToken)).Where(found => found.Running))
                {
                    names.UnionWith(
                        [found.SandboxId.ToString(), found.Incarnation.ToString(), ContainerName.Of(found.Incarnation, worker.Value)]);
                }
            }
            catch (EngineException exception)
            {
                throw new MaintenanceException($"which sandboxes run is not known: {exception.Message}");
            }
        }

        return names;
    }
}
