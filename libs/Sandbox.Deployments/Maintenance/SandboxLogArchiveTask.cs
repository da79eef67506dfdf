using System.IO.Compression;
using Sandbox.Contracts.Cluster;
using Sandbox.Deployments.Archives;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Node.Maintenance;
using Sandbox.Storage;

namespace Sandbox.Deployments.Maintenance;

/// <summary>Puts what sandboxes of this node wrote, that were stopped long enough, into the archive store, where it outlives them. Nothing
/// is removed: a log goes with its sandbox, at that one's own deadline.</summary>
internal sealed class SandboxLogArchiveTask(
    DeploymentSet deployments, ISandboxStore records, IArchiveStore archives, ArchiveFiles files, NodeIdentity node,
    CurrentOptions<MaintenanceOptions> options, TimeProvider time) : IMaintenanceTask
{
    public string Name => MaintenanceTasks.SandboxLogArchive;

    public async Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - options.Value.LogArchiveAfter;
        var (stored, failed) = (0, new List<string>());
        foreach (var record in await StoppedAsync(before, cancellationToken))
        {
            try
            {
                if (await StoreAsync(record, cancellationToken))
                {
                    progress($"stored the logs of {++stored} sandboxes");
                }
            }
            catch (Exception exception) when (exception is ArchiveStoreException or EngineException or IOException)
            {
                failed.Add($"{record.Id}: {exception.Message}");
            }
        }

        return failed.Count == 0
            ? $"stored the logs of {stored} sandboxes"
            : throw new MaintenanceException($"stored the logs of {stored} sandboxes; {string.Join("; ", failed.Take(10))}");
    }

    public static string KeyOf(SandboxInstance record) => $"sandbox-logs/{record.Id}.{record.Incarnation}.log.gz";

    private async Task<IReadOnlyList<SandboxInstance>> StoppedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var stopped = new List<SandboxInstance>();
        foreach (var deployment in deployments.All)
        {
            try
            {
                foreach (var found in (await deployment.ListAsync(cancellationToken)).Where(found => !found.Running))
                {
                    if (await records.FindAsync(found.SandboxId, cancellationToken) is { State: SandboxState.Stopped } record
                        && record.Incarnation == found.Incarnation && record.StoppedAt <= before && node.Has(record))
                    {
                        stopped.Add(record);
                    }
                }
            }
            catch (EngineException exception)
            {
                throw new MaintenanceException($"which sandboxes are stopped is not known: {exception.Message}");
            }
        }

        return stopped;
    }

    /// <returns>False: it is there already, or there is none.</returns>
    private async Task<bool> StoreAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        var key = KeyOf(record);
        if (await archives.ExistsAsync(key, cancellationToken)
            || !(await deployments[record.Spec.Deployment].OpenLogAsync(record, new LogQuery(), cancellationToken)).TryGet(
                out var log, out _))
        {
            return false;
        }

        using var source = log;
        await using var packed = files.Open();
        await using (var zip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await foreach (var piece in log.Pieces.WithCancellation(cancellationToken))
            {
                await zip.WriteAsync(piece, cancellationToken);
            }
        }

        await archives.PutAsync(key, packed, cancellationToken);
        return true;
    }
}
