using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;

namespace Sandbox.Deployments.Archives;

/// <summary>Removes what an archive put away, once no record needs it. A store that fails is asked again, by the job's next try.</summary>
internal sealed class DiscardArchiveJobHandler(ISandboxStore records, ContainerArchive archives) : JobHandler<DiscardArchiveJob>
{
    protected override async Task RunAsync(DiscardArchiveJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await records.FindAsync(job.SandboxId, cancellationToken);
        if (record is null or { State: SandboxState.Deleted } || record.Archive?.Incarnation != job.Incarnation)
        {
            await archives.DiscardAsync(job.SandboxId, job.Incarnation, cancellationToken);
        }
    }
}
