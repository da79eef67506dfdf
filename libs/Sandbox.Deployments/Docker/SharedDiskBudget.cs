using System.Globalization;
using System.Text.RegularExpressions;
using Sandbox.Deployments.Tools;

namespace Sandbox.Deployments.Docker;

/// <summary>
/// One budget for all that a sandbox writes. Where the engine enforces a disk limit it does so by a project of the file system
/// (overlay2 on XFS with project quota): the container's own files are its members. What the engine keeps for the container
/// elsewhere, its log and its anonymous volumes, joins the same project here, between create and start. No second limit is set,
/// and the engine removes all of it with the container. Whatever goes wrong, the start goes on without; where a program is
/// missing, it is not tried again.
/// </summary>
internal sealed partial class SharedDiskBudget(
    EngineConnection engine, IHostTools tools, TimeProvider time, ILogger<SharedDiskBudget> logger)
{
    private const UnixFileMode AsTheEngineMakesLogs = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly EngineContainers _containers = new(engine);
    private volatile bool _isToolMissing;

    /// <summary>True when the log counts against the disk limit that the container was made with.</summary>
    /// <param name="name">Of the container.</param>
    public async Task<bool> TryJoinAsync(string name, CancellationToken cancellationToken)
    {
        if (_isToolMissing)
        {
            return false;
        }

        try
        {
            var container = await _containers.FindAsync(name, cancellationToken) ?? throw new ToolException("the container is gone");
            await JoinAsync(ContainerFiles.Of(container, (await engine.FactsAsync(cancellationToken)).DataFolder), cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is ToolException or EngineException or IOException or UnauthorizedAccessException)
        {
            Log.NotShared(logger, name, exception.Message);
            _isToolMissing = exception is ToolException { IsMissing: true };
            return false;
        }
    }

    private async Task JoinAsync(ContainerFiles files, CancellationToken cancellationToken)
    {
        var projecting = ProjectAsync(files.Changes, cancellationToken);
        var mounting = files.Folders.Select(folder => MountAsync(folder, cancellationToken)).ToList();
        await Task.WhenAll([projecting, .. mounting]);
        var (project, mounts) = (projecting.Result, mounting.ConvertAll(one => one.Result));
        if (mounts.FindIndex(mount => mount != mounts[0]) is >= 0 and var elsewhere)
        {
            throw new ToolException($"{files.Folders[elsewhere]} is not on {mounts[0]}, where the container's own files are");
        }

        EnsureLog(files.Log);
        string[] members = [files.Log, .. files.Volumes];
        var command = string.Create(
            CultureInfo.InvariantCulture, $"project -s {string.Join(' ', members.Select(member => $"-p {member}"))} {project}");
        var answer = await tools.AskAsync(time, "xfs_quota", ["-x", "-c", command, mounts[0]], cancellationToken);

        // It may end with 0 without having done anything.
        if (!answer.Printed.Contains($"\nProcessed {members.Length} (", StringComparison.Ordinal))
        {
            throw new ToolException($"xfs_quota did nothing: {answer.Complaint}");
        }
    }

    /// <summary>The log alone joins, and not its folder: the engine keeps its own notes of the container there, and a sandbox
    /// that has used up its budget must not keep it from writing them. The engine goes on with the file that it finds.</summary>
    private static void EnsureLog(string log)
    {
        using var file = File.OpenHandle(log, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        File.SetUnixFileMode(file, AsTheEngineMakesLogs);
    }

    /// <summary>The project that the engine gave to a folder.</summary>
    private async Task<uint> ProjectAsync(string folder, CancellationToken cancellationToken)
    {
        var answer = await tools.AskAsync(time, "xfs_io", ["-r", "-c", "lsproj", folder], cancellationToken);
        return Project().Match(answer.Printed) is { Success: true } found
            && uint.TryParse(found.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var project) && project > 0
                ? project
                : throw new ToolException($"the engine gave {folder} no project");
    }

    private async Task<string> MountAsync(string folder, CancellationToken cancellationToken)
    {
        var answer = await tools.AskAsync(time, "findmnt", ["--noheadings", "--output", "TARGET", "--target", folder], cancellationToken);
        return answer.Printed.Trim() is var mount && mount is "/" ? mount : ContainerFiles.Plain(mount);
    }

    [GeneratedRegex(@"\Aprojid = (\d{1,10})\s*\z")]
    private static partial Regex Project();

    private static partial class Log
    {
        [LoggerMessage(3009, LogLevel.Warning, "The log of container {Name} does not count against its disk limit: {Reason}")]
        public static partial void NotShared(ILogger logger, string name, string reason);
    }
}
